#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <jobqd/base/mutex.hpp>
#include <jobqd/engine/duty.hpp>
#include <jobqd/engine/observer.hpp>
#include <jobqd/traces/tracer.hpp>

#include "app/logging/log.hpp"

namespace jobqd::app {

/// Logs the jobs that failed for good: at most 10 a second of each queue, then how many more there were.
///
/// At the level debug every one is logged, and so are the jobs that a client cancelled. As a duty it looks
/// once a second for failures that were left out. Thread-safe; the log and the clock outlive it.
class FailureLog final : public engine::Observer, public engine::Duty {
 public:
  static constexpr std::uint64_t most_a_second = 10;

  /// `tracer` says where the lines belong in a trace.
  FailureLog(Log& log, const base::Clock& clock, traces::Tracer tracer = {})
      : log_(log), clock_(clock), tracer_(tracer) {}

  void attempt_settled(const engine::Claim& claim, const engine::Resolution& resolution) override;
  std::optional<base::SteadyTime> run(base::Now now) override;

 private:
  /// The failures of a queue in the second that began at `begun`.
  struct Second {
    base::SteadyTime begun{};
    std::uint64_t failures = 0;
  };

  /// Counts one more failure of the queue. Whether it is to be logged.
  bool count(const std::string& queue) JOBQD_EXCLUDES(mutex_);
  void log_left_out(const std::string& queue, const Second& second);

  Log& log_;
  const base::Clock& clock_;
  const traces::Tracer tracer_;
  base::Mutex mutex_;
  std::map<std::string, Second> seconds_ JOBQD_GUARDED_BY(mutex_);  ///< By the name of the queue.
};

}  // namespace jobqd::app
