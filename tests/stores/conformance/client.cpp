// What clients do with jobs: find, watch, cancel, retry, remove.

#include "stores/conformance/conformance.hpp"
#include "support/caught.hpp"

namespace jobqd::stores {

namespace {

using base::milliseconds;
using domain::ErrorCode;
using domain::Progress;
using domain::Reason;
using domain::Status;
using engine::StopCause;
using support::Caught;
using support::new_job;

const engine::Outcome rejected = engine::Fail{.error = "e"};

}  // namespace

TEST_P(StoreConformance, AnUnknownJobIsNotFoundByAnyCall) {
  Caught<domain::Job> watched;
  EXPECT_EQ(store->watch("a", watched.callback()), 0U);
  EXPECT_EQ(code(watched.result()), ErrorCode::job_not_found);
  EXPECT_EQ(code(find("a")), ErrorCode::job_not_found);
  EXPECT_EQ(code(cancel("a")), ErrorCode::job_not_found);
  EXPECT_EQ(code(retry("a")), ErrorCode::job_not_found);
  EXPECT_EQ(code(remove("a")), ErrorCode::job_not_found);
}

TEST_P(StoreConformance, ACallbackMayCallTheStore) {
  submit(new_job("a")).value();
  Caught<domain::Job> inner;
  store->find("a", [&](auto) { store->find("a", inner.callback()); });
  EXPECT_EQ(inner.result()->id, "a");
}

// --- cancel -----------------------------------------------------------------------------------------

TEST_P(StoreConformance, ACancelledJobThatWaitedFailsAtOnce) {
  submit({new_job("a"), new_job("b")}).value();
  const auto cancelled = cancel("a").value();
  EXPECT_EQ(cancelled.progress, (Progress{.status = Status::failed, .reason = Reason::cancelled}));
  EXPECT_EQ(cancelled.finished_at, clock.now().wall);
  EXPECT_EQ(job("a").progress, cancelled.progress);
  EXPECT_EQ(claim().id, "b");
}

TEST_P(StoreConformance, ACancelGivesThePlaceBack) {
  auto later = new_mail("b");
  later.delay = milliseconds{5'000};
  submit({new_mail("a"), later}).value();
  ASSERT_TRUE(cancel("a") && cancel("b"));
  EXPECT_EQ(code(submit({new_mail("c"), new_mail("d")})), std::nullopt);
  advance(milliseconds{5'000});
  EXPECT_EQ(job("b").progress.status, Status::failed);
}

TEST_P(StoreConformance, ACancelledAttemptIsAskedToStopAndFailsOnceItDid) {
  const auto claimed = start("a");
  EXPECT_EQ(cancel("a").value().progress,
            (Progress{.status = Status::running, .reason = Reason::cancelled, .attempts = 1}));
  EXPECT_EQ(claimed.stop->cause(), StopCause::cancelled);
  EXPECT_TRUE(claimed.stop->token().stop_requested());
  EXPECT_TRUE(support::settle(*store, claimed, engine::Interrupted{}));
  EXPECT_EQ(job("a").progress,
            (Progress{.status = Status::failed, .reason = Reason::cancelled, .attempts = 1}));
}

TEST_P(StoreConformance, ACancelHoldsEvenWhenTheAttemptHadBeenDecidedOtherwise) {
  for (const engine::Outcome& outcome :
       {engine::Outcome(engine::Retry{.error = "e", .after = milliseconds{1}}),
        engine::Outcome(engine::Interrupted{})}) {
    const auto claimed = start("a");
    ASSERT_TRUE(cancel("a"));
    support::settle(*store, claimed, outcome);
    EXPECT_EQ(job("a").progress,
              (Progress{.status = Status::failed, .reason = Reason::cancelled, .attempts = 1}));
    ASSERT_TRUE(remove("a"));
  }
}

TEST_P(StoreConformance, ACancelHoldsEvenWhenTheAttemptHadTimedOut) {
  auto limited = new_job("a");
  limited.timeout = milliseconds{10};
  const auto claimed = start(limited);
  advance(milliseconds{10});
  ASSERT_TRUE(cancel("a"));
  support::settle(*store, claimed, engine::Retry{.error = "timed out", .after = milliseconds{1}});
  EXPECT_EQ(job("a").progress.reason, Reason::cancelled);
}

TEST_P(StoreConformance, ACancelComesTooLateForWorkThatIsDone) {
  const auto claimed = start("a");
  ASSERT_TRUE(cancel("a"));
  support::settle(*store, claimed, engine::Done{});
  EXPECT_EQ(job("a").progress.status, Status::done);
}

TEST_P(StoreConformance, AFinishedJobCannotBeCancelled) {
  finish("a");
  finish("b", rejected);
  EXPECT_EQ(code(cancel("a")), ErrorCode::wrong_status);
  EXPECT_EQ(code(cancel("b")), ErrorCode::wrong_status);
}

// --- retry ------------------------------------------------------------------------------------------

TEST_P(StoreConformance, ARetriedJobIsReadyWithAFreshBudget) {
  finish("a", rejected);
  const auto retried = retry("a").value();
  EXPECT_EQ(retried.progress, (Progress{.status = Status::queued, .reason = Reason::ready, .attempts = 1}));
  EXPECT_EQ(retried.finished_at, std::nullopt);
  const auto second = claim();
  EXPECT_EQ(second.attempt, 2U);
  EXPECT_EQ(second.failures, 0U);
}

TEST_P(StoreConformance, ARetriedJobIsNotForgottenWithTheFinished) {
  auto short_lived = options();
  short_lived.retention = milliseconds{10'000};
  short_lived.retention_max = 1;
  open(short_lived);
  finish("a", rejected);
  ASSERT_TRUE(retry("a"));
  support::settle(*store, start(new_mail("b")), engine::Done{});
  advance(milliseconds{10'000});
  EXPECT_EQ(ids(list({})), "a");
}

TEST_P(StoreConformance, ARetryTakesAPlaceEvenInAFullQueue) {
  support::settle(*store, start(new_mail("a")), rejected);
  submit({new_mail("b"), new_mail("c")}).value();
  EXPECT_TRUE(retry("a"));
  EXPECT_EQ(count(Status::queued), 3U);
  (void)claim("mail");
  EXPECT_EQ(code(submit(new_mail("d"))), ErrorCode::queue_full);
}

TEST_P(StoreConformance, OnlyFailedJobsAreRetried) {
  finish("done");
  start("running");
  submit(new_job("queued")).value();
  for (const auto* id : {"done", "running", "queued"})
    EXPECT_EQ(code(retry(id)), ErrorCode::wrong_status) << id;
}

// --- remove -----------------------------------------------------------------------------------------

TEST_P(StoreConformance, ARemovedJobIsGoneAndItsIdAndPlaceAreFree) {
  auto later = new_mail("b");
  later.delay = milliseconds{5'000};
  submit({new_mail("a"), later}).value();
  EXPECT_TRUE(remove("a") && remove("b"));
  EXPECT_EQ(code(find("a")), ErrorCode::job_not_found);
  EXPECT_EQ(count(Status::queued), 0U);
  EXPECT_FALSE(something_is_ready());
  EXPECT_TRUE(submit({new_mail("a"), new_mail("b")}).value().front().created);
}

TEST_P(StoreConformance, FinishedJobsMayBeRemoved) {
  finish("a");
  finish("b", rejected);
  EXPECT_TRUE(remove("a") && remove("b"));
  EXPECT_EQ(ids(list({})), "");
}

TEST_P(StoreConformance, ARunningJobCannotBeRemoved) {
  start("a");
  EXPECT_EQ(code(remove("a")), ErrorCode::wrong_status);
  EXPECT_EQ(job("a").progress.status, Status::running);
}

// --- watch ------------------------------------------------------------------------------------------

TEST_P(StoreConformance, AWatchCompletesWhenTheJobIsFinished) {
  submit(new_job("a")).value();
  Caught<domain::Job> watched;
  EXPECT_NE(store->watch("a", watched.callback()), 0U);
  const auto first = claim();
  support::settle(*store, first, engine::Interrupted{});
  EXPECT_FALSE(watched.called());
  support::settle(*store, claim(), engine::Done{.result = "1"});
  EXPECT_EQ(watched.result()->result, "1");
}

TEST_P(StoreConformance, AWatchCompletesAtOnceForAFinishedJob) {
  finish("a", rejected);
  Caught<domain::Job> watched;
  EXPECT_EQ(store->watch("a", watched.callback()), 0U);
  EXPECT_EQ(watched.result()->progress.status, Status::failed);
}

TEST_P(StoreConformance, ManyMayWatchOneJob) {
  submit({new_job("a"), new_job("b")}).value();
  std::array<Caught<domain::Job>, 3> watched;
  for (auto& one : watched) store->watch("a", one.callback());
  Caught<domain::Job> other;
  store->watch("b", other.callback());
  ASSERT_TRUE(cancel("a"));
  for (const auto& one : watched) EXPECT_EQ(one.result()->progress.reason, Reason::cancelled);
  EXPECT_FALSE(other.called());
}

TEST_P(StoreConformance, AWatchEndsWithARemovedJob) {
  submit(new_job("a")).value();
  Caught<domain::Job> watched;
  store->watch("a", watched.callback());
  ASSERT_TRUE(remove("a"));
  EXPECT_EQ(code(watched.result()), ErrorCode::job_not_found);
}

TEST_P(StoreConformance, AnEndedWatchHearsNothing) {
  submit(new_job("a")).value();
  Caught<domain::Job> watched;
  const auto id = store->watch("a", watched.callback());
  EXPECT_TRUE(store->unwatch(id));
  EXPECT_FALSE(store->unwatch(id));
  support::settle(*store, claim(), engine::Done{});
  EXPECT_FALSE(watched.called());
}

TEST_P(StoreConformance, ACompletedWatchCannotBeEnded) {
  submit(new_job("a")).value();
  Caught<domain::Job> watched;
  const auto id = store->watch("a", watched.callback());
  support::settle(*store, claim(), engine::Done{});
  EXPECT_TRUE(watched.result());
  EXPECT_FALSE(store->unwatch(id));
  EXPECT_FALSE(store->unwatch(0));
}

TEST_P(StoreConformance, WhatAWatchHoldsMayCallTheStoreWhenItIsLetGo) {
  submit(new_job("a")).value();
  auto held = std::shared_ptr<int>(new int(1), [this](const int* value) {
    (void)store->counts();
    delete value;
  });
  const auto id = store->watch("a", [held = std::move(held)](auto) {});
  EXPECT_TRUE(store->unwatch(id));
}

}  // namespace jobqd::stores
