// The effects of time on jobs.

#include <fmt/format.h>

#include "stores/conformance/conformance.hpp"

namespace jobqd::stores {

namespace {

using base::milliseconds;
using domain::ErrorCode;
using domain::Progress;
using domain::Reason;
using domain::Status;
using engine::StopCause;
using support::new_job;

domain::NewJob delayed(std::string id, milliseconds delay) {
  auto job = new_job(std::move(id));
  job.delay = delay;
  return job;
}

domain::NewJob limited(std::string id, milliseconds timeout) {
  auto job = new_job(std::move(id));
  job.timeout = timeout;
  return job;
}

}  // namespace

TEST_P(StoreConformance, ADelayedJobIsReadyOnceItsDelayHasPassed) {
  submit(delayed("a", milliseconds{5'000})).value();
  EXPECT_EQ(job("a").progress.reason, Reason::delayed);
  EXPECT_EQ(job("a").run_at, clock.now().wall + milliseconds{5'000});
  advance(milliseconds{4'999});
  EXPECT_FALSE(something_is_ready());
  advance(milliseconds{1});
  EXPECT_EQ(job("a").progress.reason, Reason::ready);
  EXPECT_EQ(claim().id, "a");
}

TEST_P(StoreConformance, AJobRunsAtTheTimeItAsksFor) {
  auto later = new_job("a");
  later.run_at = clock.now().wall + milliseconds{3'000};
  submit(later).value();
  EXPECT_EQ(job("a").run_at, later.run_at);
  advance(milliseconds{2'999});
  EXPECT_FALSE(something_is_ready());
  advance(milliseconds{1});
  EXPECT_EQ(claim().id, "a");
}

TEST_P(StoreConformance, AJobWhoseTimeHasPassedIsReadyAtOnce) {
  auto late = new_job("a");
  late.run_at = clock.now().wall - milliseconds{1};
  submit({late, delayed("b", milliseconds{0})}).value();
  EXPECT_EQ(job("a").progress.reason, Reason::ready);
  EXPECT_EQ(claim().id, "a");
  EXPECT_EQ(claim().id, "b");
}

TEST_P(StoreConformance, AJumpOfTheCalendarMovesNoDelay) {
  submit(delayed("a", milliseconds{5'000})).value();
  clock.jump_wall(std::chrono::hours{24});
  advance(milliseconds{4'999});
  EXPECT_FALSE(something_is_ready());
  clock.jump_wall(-std::chrono::hours{72});
  advance(milliseconds{1});
  EXPECT_TRUE(something_is_ready());
}

TEST_P(StoreConformance, DelayedJobsBecomeReadyInTheOrderOfTheirTimes) {
  submit({delayed("c", milliseconds{30}), delayed("a", milliseconds{10}), delayed("b", milliseconds{20})})
      .value();
  advance(milliseconds{30});
  for (const auto* id : {"a", "b", "c"}) EXPECT_EQ(claim().id, id);
}

TEST_P(StoreConformance, AJobThatBacksOffIsReadyOnceItsTimeHasCome) {
  support::settle(*store, start(retryable("a")),
                  engine::Retry{.error = "it broke", .after = milliseconds{400}});
  const auto found = job("a");
  EXPECT_EQ(found.progress,
            (Progress{.status = Status::queued, .reason = Reason::backoff, .attempts = 1, .failures = 1}));
  EXPECT_EQ(found.last_error, "it broke");
  EXPECT_EQ(found.run_at, clock.now().wall + milliseconds{400});
  advance(milliseconds{399});
  EXPECT_FALSE(something_is_ready());
  advance(milliseconds{1});
  EXPECT_EQ(claim().id, "a");
  EXPECT_EQ(job("a").run_at, std::nullopt);
}

TEST_P(StoreConformance, AJobMayBackOffForNoTimeAtAll) {
  support::settle(*store, start(retryable("a")), engine::Retry{.error = "e", .after = milliseconds{0}});
  advance(milliseconds{0});
  EXPECT_EQ(claim().id, "a");
}

TEST_P(StoreConformance, NextStartIsTheTimeOfTheNextDelayedJob) {
  submit({delayed("a", milliseconds{70}), delayed("b", milliseconds{50})}).value();
  EXPECT_EQ(store->next_start(), clock.now().steady + milliseconds{50});
}

TEST_P(StoreConformance, NextStartIsNoTimeoutOfARunningJob) {
  start(limited("a", milliseconds{10}));
  EXPECT_EQ(store->next_start(), std::nullopt);
  submit(delayed("b", milliseconds{50})).value();
  EXPECT_EQ(store->next_start(), clock.now().steady + milliseconds{50});
}

TEST_P(StoreConformance, AnAttemptPastItsTimeoutIsAskedToStop) {
  const auto claimed = start(limited("a", milliseconds{250}));
  advance(milliseconds{249});
  EXPECT_EQ(claimed.stop->cause(), StopCause::none);
  advance(milliseconds{1});
  EXPECT_EQ(claimed.stop->cause(), StopCause::timed_out);
  EXPECT_TRUE(claimed.stop->token().stop_requested());
  EXPECT_EQ(job("a").progress.status, Status::running);
}

TEST_P(StoreConformance, ATimeoutIsPerAttempt) {
  support::settle(*store, start(limited("a", milliseconds{250})), engine::Interrupted{});
  advance(milliseconds{200});
  const auto second = claim();
  advance(milliseconds{249});
  EXPECT_EQ(second.stop->cause(), StopCause::none);
  advance(milliseconds{1});
  EXPECT_EQ(second.stop->cause(), StopCause::timed_out);
}

TEST_P(StoreConformance, ASettledAttemptDoesNotTimeOut) {
  const auto claimed = start(limited("a", milliseconds{250}));
  support::settle(*store, claimed, engine::Retry{.error = "e", .after = milliseconds{1'000}});
  advance(milliseconds{250});
  EXPECT_EQ(claimed.stop->cause(), StopCause::none);
  EXPECT_FALSE(something_is_ready());
}

TEST_P(StoreConformance, ATimedOutAttemptMaySucceedAllTheSame) {
  const auto claimed = start(limited("a", milliseconds{250}));
  advance(milliseconds{250});
  EXPECT_TRUE(support::settle(*store, claimed, engine::Done{}));
  EXPECT_EQ(job("a").progress.status, Status::done);
}

TEST_P(StoreConformance, TickSaysWhenItWantsToBeCalledNext) {
  EXPECT_EQ(advance(milliseconds{0}), std::nullopt);
  const auto now = clock.now().steady;
  submit(delayed("b", milliseconds{500})).value();
  EXPECT_EQ(advance(milliseconds{0}), now + milliseconds{500});
  start(limited("a", milliseconds{200}));
  EXPECT_EQ(advance(milliseconds{0}), now + milliseconds{200});
  EXPECT_EQ(advance(milliseconds{200}), now + milliseconds{500});
  EXPECT_EQ(advance(milliseconds{300}), std::nullopt);
}

TEST_P(StoreConformance, TickAsksForTheEndOfTheFirstRetention) {
  finish("a");
  const auto now = clock.now().steady;
  EXPECT_EQ(advance(milliseconds{0}), now + options().retention);
}

TEST_P(StoreConformance, SaysWhenSomethingIsDueEarlier) {
  const auto says_so = [&](const auto& act) {
    store->tick(clock.now());
    due_changes = 0;
    act();
    return due_changes > 0;
  };
  EXPECT_TRUE(says_so([&] { finish("a"); }));
  EXPECT_TRUE(says_so([&] { submit(delayed("b", milliseconds{9'000})).value(); }));
  EXPECT_TRUE(says_so([&] { submit(delayed("c", milliseconds{8'000})).value(); }));
  EXPECT_TRUE(says_so([&] { start(limited("d", milliseconds{7'000})); }));
  const auto claimed = start(retryable("e"));
  EXPECT_TRUE(says_so(
      [&] { support::settle(*store, claimed, engine::Retry{.error = "e", .after = milliseconds{6'000}}); }));
  EXPECT_FALSE(says_so([&] { submit(delayed("f", milliseconds{6'000})).value(); }));
}

/// Otherwise the thread that calls tick() would be woken for every job, and delay the workers.
TEST_P(StoreConformance, SaysItOnceForJobsThatAreOverBeforeTheirTime) {
  store->tick(clock.now());
  due_changes = 0;
  for (int i = 0; i < 10; ++i) finish(fmt::format("job-{}", i));
  const auto once = due_changes.load();
  EXPECT_EQ(once, 1) << "for the first retention";
  for (int i = 10; i < 20; ++i) {
    support::settle(*store, start(limited(fmt::format("job-{}", i), milliseconds{7'000})), engine::Done{});
    clock.advance(milliseconds{1});
  }
  EXPECT_EQ(due_changes, once + 1);
}

TEST_P(StoreConformance, FinishedJobsAreForgottenAfterTheirRetention) {
  auto short_lived = options();
  short_lived.retention = milliseconds{10'000};
  open(short_lived);
  finish("a");
  advance(milliseconds{4'000});
  finish("b", engine::Fail{.error = "e"});
  submit(new_job("waiting")).value();
  advance(milliseconds{5'999});
  EXPECT_EQ(code(find("a")), std::nullopt);
  advance(milliseconds{1});
  EXPECT_EQ(code(find("a")), ErrorCode::job_not_found);
  EXPECT_EQ(code(find("b")), std::nullopt);
  advance(milliseconds{4'000});
  EXPECT_EQ(code(find("b")), ErrorCode::job_not_found);
  EXPECT_EQ(ids(list({})), "waiting");
}

TEST_P(StoreConformance, TheIdOfAForgottenJobIsFree) {
  auto short_lived = options();
  short_lived.retention = milliseconds{10'000};
  open(short_lived);
  finish("a");
  advance(milliseconds{10'000});
  EXPECT_TRUE(submit(new_job("a")).value().front().created);
}

TEST_P(StoreConformance, KeepsOnlySoManyFinishedJobs) {
  auto few = options();
  few.retention_max = 2;
  open(few);
  for (const auto* id : {"a", "b", "c"}) finish(id);
  EXPECT_EQ(ids(list({})), "c b");
  EXPECT_EQ(count(Status::done), 2U);
}

TEST_P(StoreConformance, KeepsOnlySoManyBytesOfFinishedJobs) {
  auto small = options();
  small.retention_bytes = 250;
  open(small);
  const std::string fifty(50, '1');
  for (const auto* id : {"a", "b", "c"}) {
    submit({.id = id, .payload = fifty}).value();
    support::settle(*store, claim(), engine::Done{.result = fifty});
  }
  EXPECT_EQ(ids(list({})), "c b");
}

TEST_P(StoreConformance, CancelledJobsAreNotKeptBeyondTheLimitsEither) {
  auto few = options();
  few.retention_max = 2;
  open(few);
  for (const auto* id : {"a", "b", "c"}) {
    submit(new_job(id)).value();
    ASSERT_TRUE(cancel(id));
  }
  EXPECT_EQ(ids(list({})), "c b");
}

TEST_P(StoreConformance, AStoreMayKeepNoFinishedJobsAtAll) {
  auto none = options();
  none.retention_max = 0;
  open(none);
  finish("a");
  EXPECT_EQ(code(find("a")), ErrorCode::job_not_found);
  submit(new_job("b")).value();
  EXPECT_EQ(cancel("b").value().progress.reason, Reason::cancelled);
  EXPECT_EQ(code(find("b")), ErrorCode::job_not_found);
}

}  // namespace jobqd::stores
