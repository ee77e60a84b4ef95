// Claiming and settling jobs.

#include <thread>

#include <jobqd/domain/kept_text.hpp>

#include "stores/conformance/conformance.hpp"
#include "support/caught.hpp"

namespace jobqd::stores {

namespace {

using base::milliseconds;
using domain::ErrorCode;
using domain::Progress;
using domain::Reason;
using domain::Status;
using support::Caught;
using support::new_job;

domain::NewJob urgent(std::string id, std::int8_t priority) {
  auto job = new_job(std::move(id));
  job.priority = priority;
  return job;
}

}  // namespace

TEST_P(StoreConformance, AClaimCarriesEverythingAnAttemptNeeds) {
  submit({.id = "a", .queue = "mail", .payload = "[1, 2]", .max_retries = 5, .timeout = milliseconds{250}})
      .value();
  const auto claimed = claim("mail");
  EXPECT_EQ(claimed.id, "a");
  EXPECT_EQ(claimed.queue, "mail");
  EXPECT_EQ(claimed.payload, "[1, 2]");
  EXPECT_EQ(claimed.attempt, 1U);
  EXPECT_EQ(claimed.failures, 0U);
  EXPECT_EQ(claimed.max_retries, 5);
  EXPECT_EQ(claimed.timeout, milliseconds{250});
  ASSERT_NE(claimed.stop, nullptr);
  EXPECT_EQ(claimed.stop->cause(), engine::StopCause::none);
}

TEST_P(StoreConformance, AClaimedJobIsRunning) {
  start("a");
  const auto found = job("a");
  EXPECT_EQ(found.progress, (Progress{.status = Status::running, .reason = Reason::none, .attempts = 1}));
  EXPECT_EQ(found.started_at, clock.now().wall);
}

TEST_P(StoreConformance, JobsStartInTheOrderTheyCame) {
  submit({new_job("b"), new_job("a")}).value();
  submit(new_job("c")).value();
  for (const auto* id : {"b", "a", "c"}) EXPECT_EQ(claim().id, id);
  EXPECT_FALSE(something_is_ready());
}

TEST_P(StoreConformance, MoreUrgentJobsStartFirst) {
  submit({urgent("low", -100), urgent("b", 0), urgent("high", 100), urgent("c", 0)}).value();
  for (const auto* id : {"high", "b", "c", "low"}) EXPECT_EQ(claim().id, id);
}

TEST_P(StoreConformance, EveryQueueHasItsOwnJobs) {
  submit({new_job("a"), new_mail("b")}).value();
  EXPECT_EQ(claim("mail").id, "b");
  EXPECT_EQ(claim("default").id, "a");
}

TEST_P(StoreConformance, AWaitingClaimGetsTheNextJob) {
  std::string started;
  {
    const std::jthread worker([&] { started = claim().id; });
    submit(new_job("a")).value();
  }
  EXPECT_EQ(started, "a");
}

TEST_P(StoreConformance, AWithdrawnClaimGetsNothing) {
  Caught<std::vector<engine::Claim>> caught;
  const auto wait_id = engine::new_wait_id();
  EXPECT_TRUE(store->claim({.queue = "default", .wait_id = wait_id}, caught.callback()));
  EXPECT_TRUE(store->withdraw(wait_id));
  EXPECT_FALSE(store->withdraw(wait_id));
  submit(new_job("a")).value();
  EXPECT_FALSE(caught.called());
  EXPECT_EQ(job("a").progress.status, Status::queued);
}

TEST_P(StoreConformance, AnAttemptThatNeverBeganIsNotCounted) {
  submit({new_job("a"), new_job("b")}).value();
  const auto first = claim();
  EXPECT_TRUE(support::settle(*store, first, engine::Unstarted{}));
  EXPECT_EQ(job("a").progress, (Progress{}));
  EXPECT_FALSE(support::settle(*store, first, engine::Done{})) << "its token is void";
  const auto second = claim();
  EXPECT_EQ(second.id, "a") << "it has its old place";
  EXPECT_EQ(second.attempt, 1U);
  EXPECT_GT(second.token, first.token);
}

TEST_P(StoreConformance, AnAttemptThatNeverBeganLeavesTheJobAsItWas) {
  const auto failed = start(domain::NewJob{.id = "a", .max_retries = 1});
  EXPECT_TRUE(support::settle(*store, failed, engine::Retry{.error = "e", .after = milliseconds{5000}}));
  advance(milliseconds{5000});
  const auto before = job("a");
  EXPECT_NE(before.started_at, std::nullopt);
  const auto unstarted = claim();
  advance(milliseconds{1500});
  EXPECT_TRUE(support::settle(*store, unstarted, engine::Unstarted{}));
  const auto after = job("a");
  EXPECT_EQ(after.progress, before.progress);
  EXPECT_EQ(after.started_at, before.started_at);
  EXPECT_EQ(after.run_at, before.run_at);
  EXPECT_EQ(after.last_error, "e");
  EXPECT_EQ(store->queues().at(0).last_minute.started, 1U);
}

TEST_P(StoreConformance, AShortageHoldsTheQueueForAWhile) {
  submit({new_job("a"), new_job("b"), new_mail("c")}).value();
  EXPECT_TRUE(
      support::settle(*store, claim(), engine::Unstarted{.why = "no processes", .pause = milliseconds{500}}));
  Caught<std::vector<engine::Claim>> caught;
  EXPECT_TRUE(store->claim({.queue = "default"}, caught.callback()));
  EXPECT_EQ(claim("mail").id, "c") << "other queues go on";
  EXPECT_EQ(store->queues().at(0).shortage, "no processes");
  EXPECT_EQ(store->queues().at(1).shortage, "");
  advance(milliseconds{499});
  EXPECT_FALSE(caught.called());
  advance(milliseconds{1});
  EXPECT_EQ(caught.result().value().at(0).id, "a");
}

TEST_P(StoreConformance, AClaimStartsNoMoreJobsThanItAsksFor) {
  submit({new_job("a"), new_job("b"), new_job("c")}).value();
  Caught<std::vector<engine::Claim>> caught;
  EXPECT_FALSE(store->claim({.queue = "default", .max_jobs = 2}, caught.callback()));
  EXPECT_EQ(caught.result().value().size(), 2U);
  EXPECT_EQ(count(Status::running), 2U);
  EXPECT_EQ(count(Status::queued), 1U);
}

TEST_P(StoreConformance, ResultsAndErrorsAreValidForEveryKindOfWorker) {
  EXPECT_TRUE(support::settle(*store, start("a"), engine::Done{.result = "\xEF\xBB\xBF{\"no\": \xFF"}));
  EXPECT_EQ(job("a").result, "\"\xEF\xBB\xBF{\\\"no\\\": \xEF\xBF\xBD\"");
  EXPECT_TRUE(support::settle(*store, start("b"), engine::Done{.result = ""}));
  EXPECT_EQ(job("b").result, std::nullopt);
  EXPECT_TRUE(support::settle(*store, start("c"), engine::Fail{.error = std::string(5000, '\xFF')}));
  EXPECT_EQ(job("c").last_error, domain::kept_error(std::string(5000, '\xFF')));
}

TEST_P(StoreConformance, ASuccessIsDoneAndKeepsItsResult) {
  const auto claimed = start("a");
  clock.advance(milliseconds{120});
  EXPECT_TRUE(support::settle(*store, claimed, engine::Done{.result = R"({"ok":true})"}));
  const auto found = job("a");
  EXPECT_EQ(found.progress, (Progress{.status = Status::done, .reason = Reason::none, .attempts = 1}));
  EXPECT_EQ(found.result, R"({"ok":true})");
  EXPECT_EQ(found.finished_at, clock.now().wall);
  EXPECT_EQ(found.started_at, clock.now().wall - milliseconds{120});
}

TEST_P(StoreConformance, ASuccessNeedsNoResult) {
  finish("a");
  EXPECT_EQ(job("a").result, std::nullopt);
}

TEST_P(StoreConformance, AFailureForGoodIsFailedAndKeepsItsError) {
  finish("a", engine::Retry{.error = "it broke"});
  const auto found = job("a");
  EXPECT_EQ(found.progress,
            (Progress{.status = Status::failed, .reason = Reason::exhausted, .attempts = 1, .failures = 1}));
  EXPECT_EQ(found.last_error, "it broke");
  EXPECT_EQ(found.finished_at, clock.now().wall);
}

TEST_P(StoreConformance, ASuccessForgetsTheErrorsBeforeIt) {
  support::settle(*store, start(retryable("a")),
                  engine::Retry{.error = "it broke", .after = milliseconds{1}});
  advance(milliseconds{1});
  support::settle(*store, claim(), engine::Done{});
  EXPECT_EQ(job("a").last_error, "");
}

TEST_P(StoreConformance, ASettledClaimCannotBeSettledAgain) {
  const auto claimed = start("a");
  EXPECT_TRUE(support::settle(*store, claimed, engine::Done{}));
  EXPECT_FALSE(support::settle(*store, claimed, engine::Fail{.error = "late"}));
  EXPECT_EQ(job("a").progress.status, Status::done);
}

TEST_P(StoreConformance, AWorkerSettlesAndClaimsInOneCall) {
  const auto first = start("a");
  submit(new_job("b")).value();
  Caught<engine::Resolution> settled;
  Caught<std::vector<engine::Claim>> claimed;
  const auto second = store->settle_and_claim("a", first.token, engine::Done{}, settled.callback(),
                                              {.queue = "default"}, claimed.callback());
  EXPECT_TRUE(settled.result());
  EXPECT_EQ(job("a").progress.status, Status::done);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->id, "b");
  EXPECT_FALSE(claimed.called());
  // A stale token changes nothing, and the worker goes on all the same.
  Caught<engine::Resolution> stale;
  Caught<std::vector<engine::Claim>> waiting;
  EXPECT_FALSE(store->settle_and_claim("a", first.token, engine::Done{}, stale.callback(),
                                       {.queue = "default"}, waiting.callback()));
  EXPECT_EQ(code(stale.result()), ErrorCode::lease_lost);
  EXPECT_FALSE(waiting.called());
  submit(new_job("c")).value();
  EXPECT_EQ(waiting.result().value().front().id, "c");
}

TEST_P(StoreConformance, AWorkerThatRetriesAtOnceMayGetTheSameJob) {
  const auto first = start([] {
    auto job = new_job("a");
    job.max_retries = 1;
    return job;
  }());
  Caught<engine::Resolution> settled;
  Caught<std::vector<engine::Claim>> claimed;
  const auto second = store->settle_and_claim("a", first.token, engine::Unstarted{.why = "w"},
                                              settled.callback(), {.queue = "default"}, claimed.callback());
  ASSERT_TRUE(second);
  EXPECT_EQ(second->id, "a");
  EXPECT_GT(second->token, first.token);
}

TEST_P(StoreConformance, AWorkerThatSettlesOnceClaimsAreClosedIsAnsweredWithNone) {
  const auto first = start("a");
  submit(new_job("b")).value();
  store->stop_claims();
  Caught<engine::Resolution> settled;
  Caught<std::vector<engine::Claim>> claimed;
  EXPECT_FALSE(store->settle_and_claim("a", first.token, engine::Done{}, settled.callback(),
                                       {.queue = "default"}, claimed.callback()));
  EXPECT_TRUE(claimed.result().value().empty());
}

TEST_P(StoreConformance, AWorkerThatSettlesDoesNotOvertakeOneThatWaits) {
  const auto first = start("a");
  Caught<std::vector<engine::Claim>> waiting;
  ASSERT_TRUE(store->claim({.queue = "default"}, waiting.callback()));
  Caught<engine::Resolution> settled;
  Caught<std::vector<engine::Claim>> claimed;
  EXPECT_FALSE(store->settle_and_claim("a", first.token, engine::Unstarted{.why = "w"}, settled.callback(),
                                       {.queue = "default"}, claimed.callback()));
  EXPECT_EQ(waiting.result().value().front().id, "a");
  EXPECT_FALSE(claimed.called());
}

TEST_P(StoreConformance, AClaimIsStaleOnceTheJobWasStartedAgain) {
  const auto first = start("a");
  EXPECT_TRUE(support::settle(*store, first, engine::Interrupted{}));
  const auto second = claim();
  EXPECT_FALSE(support::settle(*store, first, engine::Done{.result = "1"}));
  EXPECT_EQ(job("a").progress.status, Status::running);
  EXPECT_TRUE(support::settle(*store, second, engine::Done{.result = "2"}));
  EXPECT_EQ(job("a").result, "2");
}

TEST_P(StoreConformance, AClaimIsStaleOnceTheJobIsGone) {
  const auto claimed = start("a");
  support::settle(*store, claimed, engine::Done{});
  ASSERT_TRUE(remove("a"));
  submit(new_job("a")).value();
  EXPECT_FALSE(support::settle(*store, claimed, engine::Done{}));
  EXPECT_EQ(job("a").progress.status, Status::queued);
}

TEST_P(StoreConformance, TokensGrowWithEveryStart) {
  const auto first = start("a");
  const auto second = start("b");
  support::settle(*store, first, engine::Interrupted{});
  const auto third = claim();
  EXPECT_GT(first.token, 0U);
  EXPECT_GT(second.token, first.token);
  EXPECT_GT(third.token, second.token);
}

TEST_P(StoreConformance, TheNextAttemptKnowsAttemptsAndFailures) {
  support::settle(*store, start(retryable("a")), engine::Retry{.error = "e", .after = milliseconds{1}});
  advance(milliseconds{1});
  support::settle(*store, claim(), engine::Interrupted{});
  const auto third = claim();
  EXPECT_EQ(third.attempt, 3U);
  EXPECT_EQ(third.failures, 1U);
}

TEST_P(StoreConformance, AnInterruptedJobIsReadyAgainAtOnce) {
  support::settle(*store, start("a"), engine::Interrupted{});
  EXPECT_EQ(job("a").progress,
            (Progress{.status = Status::queued, .reason = Reason::ready, .attempts = 1, .interruptions = 1}));
  EXPECT_EQ(claim().id, "a");
}

TEST_P(StoreConformance, AnInterruptedJobGoesBehindThoseThatWait) {
  const auto claimed = start("a");
  submit(new_job("b")).value();
  support::settle(*store, claimed, engine::Interrupted{});
  EXPECT_EQ(claim().id, "b");
  EXPECT_EQ(claim().id, "a");
}

TEST_P(StoreConformance, AJobThatIsInterruptedTooOftenFails) {
  auto with_cap = options();
  with_cap.interruptions_max = 2;
  open(with_cap);
  submit(new_job("a")).value();
  for (int i = 0; i < 2; ++i) support::settle(*store, claim(), engine::Interrupted{});
  EXPECT_EQ(job("a").progress.status, Status::queued);
  support::settle(*store, claim(), engine::Interrupted{});
  const auto found = job("a");
  EXPECT_EQ(
      found.progress,
      (Progress{.status = Status::failed, .reason = Reason::interrupted, .attempts = 3, .interruptions = 3}));
  EXPECT_NE(found.last_error, "");
}

TEST_P(StoreConformance, NextStartIsEmptyWhileNothingWaits) {
  EXPECT_EQ(store->next_start(), std::nullopt);
  start("a");
  EXPECT_EQ(store->next_start(), std::nullopt);
}

TEST_P(StoreConformance, NextStartIsInThePastWhileAJobIsReady) {
  submit(new_job("a")).value();
  EXPECT_LE(store->next_start(), clock.now().steady);
}

}  // namespace jobqd::stores
