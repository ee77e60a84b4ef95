#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include <jobqd/base/clock.hpp>
#include <jobqd/domain/job.hpp>
#include <jobqd/domain/retry_policy.hpp>

/// What the end of an attempt means for its job, as one pure decision: the whole retry rule in one place.
namespace jobqd::domain {

/// Why a running attempt is asked to stop.
enum class StopCause : std::uint8_t { none, cancelled, timed_out, shutdown };

/// The attempt succeeded. `result` is what it produced: JSON, or any other output; kept_result() is what the
/// job keeps of it.
struct Done {
  std::optional<std::string> result = {};
};

/// The attempt failed and may succeed later.
struct Retry {
  std::string error;
  std::optional<base::milliseconds> after = {};  ///< Replaces the backoff.
  base::milliseconds at_least{0};                ///< The job waits no shorter than this.
  bool answered = false;                         ///< The receiver works, and refuses this job for now.
};

/// The receiver asked to come back later. The job is retried after the longer of `after` and the backoff.
/// This counts as neither a failure nor a retry, up to limits::deferrals times; after that it is treated as
/// Retry.
struct Defer {
  std::string error;
  base::milliseconds after;
};

/// The attempt failed, and trying again is pointless.
struct Fail {
  std::string error;
};

/// The attempt was cut short because it was asked to stop. Counts as an interruption, not as a failure.
struct Interrupted {};

/// The attempt never began: no worker took the job, or the daemon lacked what it takes to run it
/// (descriptors, processes, memory), or ran out of memory in its middle. The job goes back to its place, and
/// nothing is counted against it. Where `pause` is more than 0, its queue starts no job for that long.
struct Unstarted {
  std::string why = {};
  base::milliseconds pause{0};
};

/// How an attempt ended, as its worker reports it.
using Outcome = std::variant<Done, Retry, Defer, Fail, Interrupted, Unstarted>;

/// The job is queued again and starts no earlier than after `delay`.
struct Again {
  base::milliseconds delay;
  std::string error;
  bool deferred = false;  ///< Not a failure: the receiver asked to come back later.
};

/// The job has failed for good. `reason` is exhausted, rejected, cancelled or interrupted.
struct Failed {
  Reason reason;
  std::string error;
};

/// What an attempt led to.
using Resolution = std::variant<Done, Again, Failed, Interrupted, Unstarted>;

/// What a circuit breaker learns from the end of an attempt.
enum class Lesson : std::uint8_t {
  success,  ///< The receiver works. A rejection proves that too, and so does Retry::answered.
  failure,  ///< The receiver does not work.
  nothing,  ///< The attempt was interrupted or cancelled.
};

/// What is known of an attempt when it ends.
struct AttemptFacts {
  Progress progress;                       ///< Of the running job.
  StopCause stop_cause = StopCause::none;  ///< Why the attempt was asked to stop, if it was.
  std::uint16_t max_retries = 0;           ///< N allows N + 1 failed attempts.
  std::optional<base::milliseconds> timeout = {};
  std::uint32_t interruptions_max = 10;  ///< One more, and the job has failed.
  /// For the probe of a circuit breaker: how long the circuit stays open if the probe fails. The wait of the
  /// job begins only then, so that the next probe is another job.
  base::milliseconds probe_wait{0};
  bool simulated = false;  ///< The attempt only pretended to work.
};

/// The decision.
struct AttemptEnd {
  Resolution resolution;
  Progress next;  ///< What the job's progress becomes.
  Lesson lesson = Lesson::nothing;
};

/// Decides. `fraction`, in [0, 1), is the jitter of the backoff. The job must be running.
///
/// A client's cancel beats everything but success. The caller has put results and errors through kept().
[[nodiscard]] AttemptEnd end_of_attempt(Outcome outcome, const AttemptFacts& facts, const RetryPolicy& policy,
                                        double fraction);

}  // namespace jobqd::domain
