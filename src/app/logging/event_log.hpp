#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>

#include <jobqd/base/mutex.hpp>
#include <jobqd/engine/observer.hpp>

#include "app/logging/log.hpp"

namespace jobqd::app {

/// Makes lines of the log from the events of the daemon. Thread-safe, as the log is, which outlives it.
///
/// A shortage (no descriptors, processes or memory to start attempts) is one line for a queue when it begins,
/// and one when an attempt of the queue ends again, however many workers met it.
class EventLog final : public engine::Observer {
 public:
  explicit EventLog(Log& log) : log_(log) {}

  void attempt_settled(const engine::Claim& claim, const engine::Resolution& resolution) override;
  void attempt_stale(const engine::Claim& claim) override;
  void lease_expired(const engine::Claim& claim) override;
  void store_changed(std::string_view why) override;
  void store_lost(std::string_view why) override;
  void configuration_changed(std::string_view changed, std::string_view needs_a_restart) override;
  void configuration_refused(std::string_view why) override;

 private:
  void note_shortage(const std::string& queue, const engine::Resolution& resolution) JOBQD_EXCLUDES(mutex_);

  Log& log_;
  std::atomic<bool> queues_are_short_{
      false};  ///< Whether there are any, so that other attempts take no lock.
  base::Mutex mutex_;
  /// How many attempts of a queue could not be started since its shortage began.
  std::map<std::string, std::uint64_t> short_queues_ JOBQD_GUARDED_BY(mutex_);
};

}  // namespace jobqd::app
