#include <jobqd/domain/end_of_attempt.hpp>

#include <string>

#include <gtest/gtest.h>

#include <jobqd/domain/limits.hpp>

namespace jobqd::domain {

namespace {

using base::milliseconds;

constexpr RetryPolicy policy{.base = milliseconds{100}, .cap = milliseconds{1000}};

/// Of a running job that is not retried.
AttemptFacts first_attempt() {
  return {.progress = {.status = Status::running, .reason = Reason::none, .attempts = 1}};
}

Resolution resolve(Outcome outcome, const AttemptFacts& facts, const RetryPolicy& retries, double fraction) {
  return end_of_attempt(std::move(outcome), facts, retries, fraction).resolution;
}

/// What becomes of the outcome when the attempt was asked to stop for `cause`. It is the first attempt of a
/// job that may be retried once and that has one second.
Resolution resolved(Outcome outcome, StopCause cause) {
  auto facts = first_attempt();
  facts.max_retries = 1;
  facts.timeout = milliseconds{1000};
  facts.stop_cause = cause;
  if (cause == StopCause::cancelled) facts.progress.reason = Reason::cancelled;
  return resolve(std::move(outcome), facts, policy, 0.0);
}

/// One line that says it all, so that a table of expectations stays readable.
std::string said(const Resolution& resolution) {
  if (const auto* done = std::get_if<Done>(&resolution)) return "done " + done->result.value_or("");
  if (const auto* again = std::get_if<Again>(&resolution))
    return (again->deferred ? "deferred " : "again ") + std::to_string(again->delay.count()) + " " +
           again->error;
  if (const auto* failed = std::get_if<Failed>(&resolution))
    return "failed " + std::string(to_string(failed->reason)) + " " + failed->error;
  return "interrupted";
}

constexpr auto none = StopCause::none;
constexpr auto cancelled = StopCause::cancelled;
constexpr auto timed_out = StopCause::timed_out;
constexpr auto shutdown = StopCause::shutdown;

}  // namespace

TEST(EndOfAttempt, WorkThatWasDoneIsDoneWhateverWasAsked) {
  for (const auto cause : {none, cancelled, timed_out, shutdown})
    EXPECT_EQ(said(resolved(Done{.result = "1"}, cause)), "done 1");
}

TEST(EndOfAttempt, ADeferralCostsNoRetryUnlessThereWereTooMany) {
  auto facts = first_attempt();
  const auto said_of = [&] {
    return said(resolve(Defer{.error = "e", .after = milliseconds{7'000}}, facts, policy, 0.0));
  };
  EXPECT_EQ(said_of(), "deferred 7000 e");
  facts.progress.deferrals = limits::deferrals - 1;
  EXPECT_EQ(said_of(), "deferred 7000 e");
  EXPECT_EQ(said(resolve(Defer{.error = "e", .after = milliseconds{0}}, first_attempt(), policy, 0.0)),
            "deferred 100 e");
  facts.progress.deferrals = limits::deferrals;
  EXPECT_EQ(said_of(), "failed exhausted e");
  facts.max_retries = 1;
  EXPECT_EQ(said_of(), "again 7000 e");
  facts.progress.reason = Reason::cancelled;
  EXPECT_EQ(said_of(), "failed cancelled cancelled while running");
}

TEST(EndOfAttempt, AFailureIsTriedAgainUnlessItWasCancelled) {
  EXPECT_EQ(said(resolved(Retry{.error = "e"}, none)), "again 100 e");
  EXPECT_EQ(said(resolved(Retry{.error = "e"}, cancelled)), "failed cancelled cancelled while running");
  EXPECT_EQ(said(resolved(Retry{.error = "e"}, timed_out)), "again 100 e");
  EXPECT_EQ(said(resolved(Retry{.error = "e"}, shutdown)), "again 100 e");
}

TEST(EndOfAttempt, AFailureForGoodIsRejectedUnlessItWasCancelled) {
  EXPECT_EQ(said(resolved(Fail{.error = "e"}, none)), "failed rejected e");
  EXPECT_EQ(said(resolved(Fail{.error = "e"}, cancelled)), "failed cancelled cancelled while running");
  EXPECT_EQ(said(resolved(Fail{.error = "e"}, timed_out)), "failed rejected e");
  EXPECT_EQ(said(resolved(Fail{.error = "e"}, shutdown)), "failed rejected e");
}

TEST(EndOfAttempt, AnInterruptionMeansWhatItWasAskedFor) {
  EXPECT_EQ(said(resolved(Interrupted{}, none)), "interrupted");
  EXPECT_EQ(said(resolved(Interrupted{}, cancelled)), "failed cancelled cancelled while running");
  EXPECT_EQ(said(resolved(Interrupted{}, timed_out)), "again 100 timed out after 1000 ms");
  EXPECT_EQ(said(resolved(Interrupted{}, shutdown)), "interrupted");
}

TEST(EndOfAttempt, AllowsOneFailureMoreThanRetries) {
  auto facts = first_attempt();
  facts.max_retries = 3;
  for (const std::uint32_t failures : {0U, 1U, 2U}) {
    facts.progress.failures = failures;
    EXPECT_TRUE(std::holds_alternative<Again>(resolve(Retry{.error = "e"}, facts, policy, 0.0))) << failures;
  }
  facts.progress.failures = 3;
  EXPECT_EQ(said(resolve(Retry{.error = "e"}, facts, policy, 0.0)), "failed exhausted e");
}

TEST(EndOfAttempt, NeverRetriesWithoutRetries) {
  EXPECT_EQ(said(resolve(Retry{.error = "e"}, first_attempt(), policy, 0.0)), "failed exhausted e");
}

TEST(EndOfAttempt, ATimeoutUsesUpTheBudgetToo) {
  auto facts = first_attempt();
  facts.timeout = milliseconds{50};
  facts.stop_cause = timed_out;
  EXPECT_EQ(said(resolve(Interrupted{}, facts, policy, 0.0)), "failed exhausted timed out after 50 ms");
}

TEST(EndOfAttempt, BacksOffFurtherWithEveryFailure) {
  auto facts = first_attempt();
  facts.max_retries = 1000;
  facts.progress.failures = 2;
  EXPECT_EQ(said(resolve(Retry{.error = "e"}, facts, policy, 0.0)), "again 400 e");
  EXPECT_EQ(said(resolve(Retry{.error = "e"}, facts, policy, 0.5)), "again 200 e");
  facts.progress.failures = 999;
  EXPECT_EQ(said(resolve(Retry{.error = "e"}, facts, policy, 0.0)), "again 1000 e");
}

TEST(EndOfAttempt, WaitsAsLongAsTheProcessorAsks) {
  EXPECT_EQ(said(resolved(Retry{.error = "e", .after = milliseconds{90'000}}, none)), "again 90000 e");
  EXPECT_EQ(said(resolved(Retry{.error = "e", .after = milliseconds{0}}, none)), "again 0 e");
}

TEST(EndOfAttempt, AWaitThatTheReceiverAsksForShortensNone) {
  const auto wait = [](milliseconds at_least) {
    return said(resolved(Retry{.error = "e", .at_least = at_least}, none));
  };
  EXPECT_EQ(wait(milliseconds{0}), "again 100 e");
  EXPECT_EQ(wait(milliseconds{99}), "again 100 e");
  EXPECT_EQ(wait(milliseconds{90'000}), "again 90000 e");
  auto facts = first_attempt();
  facts.max_retries = 1;
  facts.progress.deferrals = limits::deferrals;
  EXPECT_EQ(said(resolve(Defer{.error = "e", .after = milliseconds{0}}, facts, policy, 0.0)), "again 100 e")
      << "nor does the last deferral";
}

TEST(EndOfAttempt, AnAttemptThatNeverBeganIsNotCounted) {
  auto facts = first_attempt();
  facts.progress.attempts = 3;
  const auto end = end_of_attempt(Unstarted{.why = "no descriptors"}, facts, policy, 0.0);
  EXPECT_TRUE(std::holds_alternative<Unstarted>(end.resolution));
  EXPECT_EQ(end.next, (Progress{.status = Status::queued, .reason = Reason::ready, .attempts = 2}));
  facts.progress.reason = Reason::cancelled;
  EXPECT_EQ(said(resolve(Unstarted{}, facts, policy, 0.0)), "failed cancelled cancelled while running");
}

TEST(EndOfAttempt, OneInterruptionTooManyFailsTheJob) {
  auto facts = first_attempt();
  facts.interruptions_max = 2;
  facts.progress.interruptions = 1;
  EXPECT_EQ(said(resolve(Interrupted{}, facts, policy, 0.0)), "interrupted");
  facts.progress.interruptions = 2;
  EXPECT_EQ(said(resolve(Interrupted{}, facts, policy, 0.0)), "failed interrupted interrupted 3 times");
}

TEST(EndOfAttempt, TheProgressFollowsFromTheResolution) {
  auto facts = first_attempt();
  facts.max_retries = 1;
  const auto next = [&](Outcome outcome) {
    return end_of_attempt(std::move(outcome), facts, policy, 0.0).next;
  };
  EXPECT_EQ(next(Done{}), (Progress{.status = Status::done, .reason = Reason::none, .attempts = 1}));
  EXPECT_EQ(next(Retry{}), (Progress{.reason = Reason::backoff, .attempts = 1, .failures = 1}));
  EXPECT_EQ(next(Defer{.error = "e", .after = milliseconds{1}}),
            (Progress{.reason = Reason::backoff, .deferrals = 1, .attempts = 1}));
  EXPECT_EQ(next(Fail{}),
            (Progress{.status = Status::failed, .reason = Reason::rejected, .attempts = 1, .failures = 1}));
  EXPECT_EQ(next(Interrupted{}), (Progress{.reason = Reason::ready, .attempts = 1, .interruptions = 1}));
}

TEST(EndOfAttempt, TheCircuitBreakerLearnsWhetherTheReceiverWorks) {
  auto facts = first_attempt();
  const auto lesson = [&](Outcome outcome) {
    return end_of_attempt(std::move(outcome), facts, policy, 0.0).lesson;
  };
  EXPECT_EQ(lesson(Done{}), Lesson::success);
  EXPECT_EQ(lesson(Fail{}), Lesson::success) << "a rejection is an answer";
  EXPECT_EQ(lesson(Retry{}), Lesson::failure);
  EXPECT_EQ(lesson(Interrupted{}), Lesson::nothing);
  EXPECT_EQ(lesson(Unstarted{}), Lesson::nothing);
  facts.max_retries = 1;
  EXPECT_EQ(lesson(Retry{}), Lesson::failure);
  EXPECT_EQ(lesson(Defer{.error = "e", .after = milliseconds{1}}), Lesson::failure);
  facts.progress.reason = Reason::cancelled;
  EXPECT_EQ(lesson(Retry{}), Lesson::nothing);
}

TEST(EndOfAttempt, AReceiverThatAnswersWorksWhateverBecomesOfTheJob) {
  auto facts = first_attempt();
  const auto lesson = [&] {
    return end_of_attempt(Retry{.error = "HTTP 404", .answered = true}, facts, policy, 0.0).lesson;
  };
  EXPECT_EQ(lesson(), Lesson::success) << "the last attempt";
  facts.max_retries = 1;
  EXPECT_EQ(lesson(), Lesson::success);
  facts.progress.reason = Reason::cancelled;
  EXPECT_EQ(lesson(), Lesson::nothing);
}

TEST(EndOfAttempt, TheWaitOfAFailedProbeBeginsWithTheNextProbe) {
  auto facts = first_attempt();
  facts.max_retries = 1;
  facts.probe_wait = milliseconds{30'000};
  const auto said_of = [&](Outcome outcome) { return said(resolve(std::move(outcome), facts, policy, 0.0)); };
  EXPECT_EQ(said_of(Retry{.error = "e"}), "again 30100 e");
  EXPECT_EQ(said_of(Retry{.error = "e", .after = milliseconds{0}}), "again 30000 e");
  EXPECT_EQ(said_of(Defer{.error = "e", .after = milliseconds{7'000}}), "deferred 37000 e");
  EXPECT_EQ(said_of(Retry{.error = "e", .answered = true}), "again 100 e") << "which closes the circuit";
}

TEST(EndOfAttempt, TheLatestAttemptThatEndedSaysWhetherTheJobWasSimulated) {
  for (const bool before : {false, true})
    for (const bool now : {false, true}) {
      auto facts = first_attempt();
      facts.progress.simulated = before;
      facts.simulated = now;
      const auto after = [&](Outcome outcome) {
        return end_of_attempt(std::move(outcome), facts, policy, 0.0).next.simulated;
      };
      for (const Outcome& outcome :
           {Outcome{Done{}}, Outcome{Retry{.error = "e"}}, Outcome{Fail{.error = "e"}},
            Outcome{Defer{.error = "e", .after = milliseconds{1}}}, Outcome{Interrupted{}}})
        EXPECT_EQ(after(outcome), now) << outcome.index();
      EXPECT_EQ(after(Unstarted{}), before);
    }
}

}  // namespace jobqd::domain
