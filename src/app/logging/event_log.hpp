#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>

#include <jobqd/base/mutex.hpp>
#include <jobqd/engine/observer.hpp>
#include <jobqd/traces/tracer.hpp>

#include "app/logging/log.hpp"

namespace jobqd::app {

/// Makes lines of the log from the events of the daemon, except failed jobs (FailureLog) and changes by
/// operators (AdminLog). Thread-safe, as the log is, which outlives it.
///
/// A shortage is when the daemon has no descriptors, processes or memory left to start attempts. For each
/// queue it takes one line when it begins, and one when an attempt that started later ends.
///
/// The first attempt that is only simulated takes a warning; there is no second one.
class EventLog final : public engine::Observer {
 public:
  /// `tracer` says where lines about attempts belong in a trace.
  explicit EventLog(Log& log, traces::Tracer tracer = {}) : log_(log), tracer_(tracer) {}

  void attempt_started(const engine::Claim& claim) override;
  void attempt_settled(const engine::Claim& claim, const engine::Resolution& resolution) override;
  void attempt_stale(const engine::Claim& claim) override;
  void lease_expired(const engine::Claim& claim) override;
  void circuit_changed(std::string_view queue, domain::CircuitState from, domain::CircuitState to) override;
  void store_changed(std::string_view why) override;
  void store_lost(std::string_view why) override;
  void payloads_changed(std::string_view why) override;
  void job_set_aside(std::string_view job) override;
  void queue_changed(std::string_view queue, std::string_view why) override;
  void configuration_changed(std::string_view changed, std::string_view needs_a_restart) override;
  void configuration_refused(std::string_view why) override;

 private:
  struct Shortage {
    std::uint64_t attempts = 0;           ///< How many could not start since it began.
    engine::FencingToken last_token = 0;  ///< Of the last of them. Larger ones belong to later starts.
  };

  void note_shortage(const engine::Claim& claim, const engine::Resolution& resolution) JOBQD_EXCLUDES(mutex_);

  Log& log_;
  const traces::Tracer tracer_;
  std::atomic<bool> warned_of_simulation_{false};
  base::Mutex mutex_;
  std::map<std::string, Shortage> shortages_ JOBQD_GUARDED_BY(mutex_);  ///< By the name of the queue.
  std::atomic<bool> any_shortage_{false};  ///< While there is none, attempts take no lock.
};

}  // namespace jobqd::app
