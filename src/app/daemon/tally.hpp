#pragma once

#include <atomic>
#include <cstdint>

#include <jobqd/engine/observer.hpp>

namespace jobqd::app {

/// Counts how attempts ended since the start, for the last line of the log. Thread-safe.
class Tally final : public engine::Observer {
 public:
  void attempt_settled(const engine::Claim& claim, const engine::Resolution& resolution) override;

  [[nodiscard]] std::uint64_t done() const { return done_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t failed() const { return failed_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t retried() const { return retried_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t interrupted() const { return interrupted_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> done_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::atomic<std::uint64_t> retried_{0};
  std::atomic<std::uint64_t> interrupted_{0};
};

}  // namespace jobqd::app
