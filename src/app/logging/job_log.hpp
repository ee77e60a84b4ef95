#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include <jobqd/engine/observer.hpp>

#include "app/logging/log.hpp"

namespace jobqd::app {

/// Logs what becomes of attempts, counts it for the last line, and wakes who waits for attempts to end.
class JobLog final : public engine::Observer {
 public:
  explicit JobLog(Log& log) : log_(log) {}

  void attempt_settled(const engine::Claim& claim, const engine::Resolution& resolution) override;
  void attempt_stale(const engine::Claim& claim) override;
  void lease_expired(const engine::Claim& claim) override;
  void store_changed(std::string_view why) override;
  [[noreturn]] void store_lost(std::string_view why) override;

  /// Waits until an attempt ends, or `until`.
  void wait_for_attempt(base::SteadyTime until);

  [[nodiscard]] std::uint64_t done() const { return done_; }
  [[nodiscard]] std::uint64_t failed() const { return failed_; }
  [[nodiscard]] std::uint64_t retried() const { return retried_; }
  [[nodiscard]] std::uint64_t interrupted() const { return interrupted_; }

 private:
  Log& log_;
  std::atomic<std::uint64_t> done_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::atomic<std::uint64_t> retried_{0};
  std::atomic<std::uint64_t> interrupted_{0};
  std::mutex mutex_;
  std::condition_variable ended_;
};

}  // namespace jobqd::app
