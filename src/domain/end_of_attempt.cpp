#include <jobqd/domain/end_of_attempt.hpp>

#include <algorithm>
#include <expected>
#include <utility>

#include <fmt/format.h>

#include <jobqd/base/check.hpp>
#include <jobqd/domain/lifecycle.hpp>
#include <jobqd/domain/limits.hpp>

namespace jobqd::domain {

namespace {

Resolution after_failure(Retry retry, const AttemptFacts& facts, const RetryPolicy& policy, double fraction) {
  const auto failures = facts.progress.failures + 1;
  if (failures > facts.max_retries)
    return Failed{.reason = Reason::exhausted, .error = std::move(retry.error)};
  return Again{.delay = std::max(retry.after.value_or(policy.delay(failures, fraction)), retry.at_least),
               .error = std::move(retry.error)};
}

Resolution after_interruption(const AttemptFacts& facts, const RetryPolicy& policy, double fraction) {
  if (facts.stop_cause == StopCause::timed_out) {
    const auto limit = facts.timeout.value_or(base::milliseconds{0}).count();
    return after_failure(Retry{.error = fmt::format("timed out after {} ms", limit)}, facts, policy,
                         fraction);
  }
  const auto interruptions = facts.progress.interruptions + 1;
  if (interruptions > facts.interruptions_max)
    return Failed{.reason = Reason::interrupted, .error = fmt::format("interrupted {} times", interruptions)};
  return Interrupted{};
}

Resolution resolve(Outcome outcome, const AttemptFacts& facts, const RetryPolicy& policy, double fraction) {
  if (auto* done = std::get_if<Done>(&outcome)) return std::move(*done);
  if (facts.progress.reason == Reason::cancelled)
    return Failed{.reason = Reason::cancelled, .error = "cancelled while running"};
  if (auto* unstarted = std::get_if<Unstarted>(&outcome)) return std::move(*unstarted);
  if (auto* fail = std::get_if<Fail>(&outcome))
    return Failed{.reason = Reason::rejected, .error = std::move(fail->error)};
  if (auto* defer = std::get_if<Defer>(&outcome)) {
    if (facts.progress.deferrals < limits::deferrals)
      return Again{.delay = std::max(defer->after, policy.delay(facts.progress.deferrals + 1U, fraction)),
                   .error = std::move(defer->error),
                   .deferred = true};
    outcome = Retry{.error = std::move(defer->error), .at_least = defer->after};
  }
  if (auto* retry = std::get_if<Retry>(&outcome))
    return after_failure(std::move(*retry), facts, policy, fraction);
  return after_interruption(facts, policy, fraction);
}

/// The transition table allows each of these steps for a running job.
Progress certain(std::expected<Progress, Error> progress) {
  JOBQD_CHECK(progress.has_value());
  return *progress;
}

Progress next_progress(const Resolution& resolution, const AttemptFacts& facts) {
  auto progress = facts.progress;
  if (std::holds_alternative<Unstarted>(resolution)) return certain(unstarted(progress));
  progress.simulated = facts.simulated;
  if (std::holds_alternative<Done>(resolution)) return certain(succeeded(progress));
  if (const auto* again = std::get_if<Again>(&resolution))
    return certain(again->deferred ? deferred(progress) : backed_off(progress));
  const auto* failed = std::get_if<Failed>(&resolution);
  if (failed != nullptr && failed->reason != Reason::interrupted)
    return certain(given_up(progress, failed->reason));
  return certain(interrupted(progress, facts.interruptions_max));
}

Lesson lesson_of(const Resolution& resolution, bool answered) {
  const auto of_failure = answered ? Lesson::success : Lesson::failure;
  if (std::holds_alternative<Done>(resolution)) return Lesson::success;
  if (std::holds_alternative<Again>(resolution)) return of_failure;
  const auto* failed = std::get_if<Failed>(&resolution);
  if (failed == nullptr) return Lesson::nothing;
  if (failed->reason == Reason::rejected) return Lesson::success;
  return failed->reason == Reason::exhausted ? of_failure : Lesson::nothing;
}

}  // namespace

AttemptEnd end_of_attempt(Outcome outcome, const AttemptFacts& facts, const RetryPolicy& policy,
                          double fraction) {
  const auto* retry = std::get_if<Retry>(&outcome);
  const bool answered = retry != nullptr && retry->answered;
  auto resolution = resolve(std::move(outcome), facts, policy, fraction);
  const auto next = next_progress(resolution, facts);
  const auto lesson = lesson_of(resolution, answered);
  if (auto* again = std::get_if<Again>(&resolution); again != nullptr && lesson == Lesson::failure)
    again->delay += facts.probe_wait;
  return {.resolution = std::move(resolution), .next = next, .lesson = lesson};
}

}  // namespace jobqd::domain
