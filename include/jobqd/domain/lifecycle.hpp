#pragma once

#include <expected>

#include <jobqd/domain/error.hpp>
#include <jobqd/domain/job.hpp>

/// The life of a job as pure functions. One table says which status may follow which; any other transition is
/// an error.
namespace jobqd::domain {

/// What can happen to a job.
enum class Event : std::uint8_t {
  start,           ///< A worker starts an attempt.
  succeed,         ///< The attempt succeeded.
  back_off,        ///< The attempt failed and retries are left.
  put_off,         ///< The receiver deferred the attempt: no failure.
  give_up,         ///< The attempt failed for good.
  interrupt,       ///< The attempt was cut short by a stop, a crash or a lost lease: no failure.
  cancel,          ///< A client cancelled it before it ran.
  retry,           ///< A client retries a failed job, which gets fresh budgets.
  put_back,        ///< The attempt never began.
  request_cancel,  ///< A client cancelled it while it runs: it goes on until its attempt ends.
};

inline constexpr std::size_t event_count = 10;

/// The status after the event, or ErrorCode::wrong_status.
[[nodiscard]] std::expected<Status, Error> next_status(Status from, Event event);

/// Each applies one event and sets the reason that goes with it. Errors as next_status().
[[nodiscard]] std::expected<Progress, Error> started(Progress progress);
[[nodiscard]] std::expected<Progress, Error> succeeded(Progress progress);
[[nodiscard]] std::expected<Progress, Error> backed_off(Progress progress);
[[nodiscard]] std::expected<Progress, Error> deferred(Progress progress);
[[nodiscard]] std::expected<Progress, Error> given_up(Progress progress, Reason reason);
[[nodiscard]] std::expected<Progress, Error> cancelled(Progress progress);
[[nodiscard]] std::expected<Progress, Error> retried(Progress progress);

/// Still running, with reason `cancelled`: whatever ends the attempt, a crash too, the job fails with that
/// reason unless its work was done.
[[nodiscard]] std::expected<Progress, Error> cancel_requested(Progress progress);

/// Ready again, as if it had never been started: the attempt is not counted.
[[nodiscard]] std::expected<Progress, Error> unstarted(Progress progress);

/// Ready again, or failed with reason `interrupted` after more than `cap` interruptions, so that a job that
/// kills its daemon is not run for ever.
[[nodiscard]] std::expected<Progress, Error> interrupted(Progress progress, std::uint32_t cap);

}  // namespace jobqd::domain
