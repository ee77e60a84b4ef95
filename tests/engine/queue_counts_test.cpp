#include <jobqd/engine/queue_counts.hpp>

#include <gtest/gtest.h>

namespace jobqd::engine {

namespace {

Resolution again(bool deferred = false) {
  return Again{.delay = base::milliseconds{0}, .error = {}, .deferred = deferred};
}

Resolution failed(domain::Reason reason) {
  return Failed{.reason = reason, .error = {}};
}

}  // namespace

TEST(AttemptOutcomes, OfFailures) {
  using enum domain::Reason;
  EXPECT_EQ(attempt_outcome(again(), StopCause::none), AttemptOutcome::failed);
  EXPECT_EQ(attempt_outcome(again(), StopCause::timed_out), AttemptOutcome::timeout);
  EXPECT_EQ(attempt_outcome(again(true), StopCause::timed_out), AttemptOutcome::deferred);
  EXPECT_EQ(attempt_outcome(failed(exhausted), StopCause::none), AttemptOutcome::failed);
  EXPECT_EQ(attempt_outcome(failed(exhausted), StopCause::timed_out), AttemptOutcome::timeout);
  EXPECT_EQ(attempt_outcome(failed(rejected), StopCause::none), AttemptOutcome::rejected);
  EXPECT_EQ(attempt_outcome(failed(cancelled), StopCause::cancelled), AttemptOutcome::cancelled);
  EXPECT_EQ(attempt_outcome(failed(interrupted), StopCause::shutdown), AttemptOutcome::interrupted);
}

TEST(AttemptOutcomes, OfTheOthers) {
  EXPECT_EQ(attempt_outcome(Done{}, StopCause::timed_out), AttemptOutcome::done);
  EXPECT_EQ(attempt_outcome(Interrupted{}, StopCause::shutdown), AttemptOutcome::interrupted);
  EXPECT_EQ(attempt_outcome(Unstarted{}, StopCause::none), AttemptOutcome::unstarted);
}

}  // namespace jobqd::engine
