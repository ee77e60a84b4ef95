// Leases of remote workers: extending and ending them.

#include "stores/conformance/leases.hpp"

namespace jobqd::stores {

namespace {

const Progress running_once{.status = Status::running, .reason = Reason::none, .attempts = 1};

}  // namespace

TEST_P(StoreConformance, ALeasedJobIsSettledAsAnyOther) {
  submit(new_job("a")).value();
  const auto token = lease_now(*store).at(0).token;
  const auto resolution = complete(*store, "a", token, engine::Done{.result = "1"});
  EXPECT_EQ(std::get<engine::Done>(resolution.value()).result, "1");
  EXPECT_EQ(job("a").progress.status, Status::done);
  EXPECT_EQ(diary.leases(), " started:a done:a");
  EXPECT_EQ(code(complete(*store, "a", token, engine::Done{.result = "2"})), ErrorCode::lease_lost);
  EXPECT_EQ(code(extend(*store, "a", token, milliseconds{1})), ErrorCode::lease_lost);
  EXPECT_EQ(job("a").result, "1");
}

TEST_P(StoreConformance, ARemoteFailureBacksOffByThePolicyOfItsQueue) {
  auto steady = options();
  steady.queues.at(0).backoff = {
      .base = milliseconds{700}, .cap = milliseconds{700}, .jitter = domain::Jitter::none};
  open(std::move(steady));
  submit({.id = "a", .max_retries = 1}).value();
  const auto first =
      complete(*store, "a", lease_now(*store).at(0).token, engine::Retry{.error = "e"}).value();
  EXPECT_EQ(std::get<engine::Again>(first).delay, milliseconds{700});
  advance(milliseconds{700});
  const auto second =
      complete(*store, "a", lease_now(*store).at(0).token, engine::Retry{.error = "e"}).value();
  EXPECT_EQ(std::get<engine::Failed>(second).reason, Reason::exhausted);
}

TEST_P(StoreConformance, OnlyTheTokenOfALeaseHoldsItsJob) {
  submit({new_job("a"), new_job("b"), new_job("own")}).value();
  const auto leases = lease_now(*store, request(2));
  const auto own = claim();
  EXPECT_EQ(code(complete(*store, "a", leases.at(1).token)), ErrorCode::lease_lost);
  EXPECT_EQ(code(extend(*store, "b", leases.at(0).token, milliseconds{1})), ErrorCode::lease_lost);
  EXPECT_EQ(code(complete(*store, "a", 0)), ErrorCode::lease_lost);
  EXPECT_EQ(code(complete(*store, "own", own.token)), ErrorCode::lease_lost) << "a worker of ours has it";
  EXPECT_EQ(code(complete(*store, "nobody", own.token)), ErrorCode::job_not_found);
  EXPECT_EQ(code(extend(*store, "nobody", own.token, milliseconds{1})), ErrorCode::job_not_found);
}

TEST_P(StoreConformance, ALeaseThatRunsOutIsAnInterruption) {
  submit(new_job("a")).value();
  const auto first = lease_now(*store, request(1, milliseconds{1'000})).at(0);
  advance(milliseconds{999});
  EXPECT_EQ(job("a").progress, running_once);
  advance(milliseconds{1});
  EXPECT_EQ(job("a").progress, ready_again);
  EXPECT_EQ(diary.leases(), " started:a expired:a interrupted:a");
  EXPECT_EQ(code(extend(*store, "a", first.token, milliseconds{1})), ErrorCode::lease_lost);
  EXPECT_FALSE(support::settle(*store, first, engine::Done{}));
  const auto second = lease_now(*store).at(0);
  EXPECT_GT(second.token, first.token);
  EXPECT_EQ(second.failures, 0U);
  EXPECT_EQ(code(complete(*store, "a", first.token)), ErrorCode::lease_lost);
}

TEST_P(StoreConformance, AJobWhoseLeaseRunsOutGoesToAWaitingClaim) {
  submit(new_job("a")).value();
  EXPECT_EQ(ids(lease_now(*store, request(1, milliseconds{1'000}))), "a");
  Caught<Claims> caught;
  store->claim(request(), caught.callback());
  advance(milliseconds{1'000});
  EXPECT_EQ(ids(caught.result().value()), "a");
}

TEST_P(StoreConformance, TheStoreWantsToBeCalledWhenALeaseRunsOut) {
  submit(new_job("a")).value();
  advance(milliseconds{0});
  const auto changes = due_changes.load();
  const auto token = lease_now(*store, request(1, milliseconds{1'000})).at(0).token;
  EXPECT_GT(due_changes, changes);
  EXPECT_EQ(advance(milliseconds{0}), clock.now().steady + milliseconds{1'000});
  ASSERT_TRUE(extend(*store, "a", token, milliseconds{9'000}));
  const auto next = advance(milliseconds{1'000});
  EXPECT_EQ(next, clock.now().steady + milliseconds{8'000});
  EXPECT_EQ(store->next_start(), std::nullopt);
}

TEST_P(StoreConformance, AnExtendedLeaseLastsFromThenOn) {
  submit(new_job("a")).value();
  const auto token = lease_now(*store, request(1, milliseconds{1'000})).at(0).token;
  advance(milliseconds{900});
  const auto extension = extend(*store, "a", token, milliseconds{2'000}).value();
  EXPECT_EQ(extension.expires_at, clock.now().wall + milliseconds{2'000});
  EXPECT_FALSE(extension.cancel_requested);
  advance(milliseconds{1'999});
  EXPECT_EQ(job("a").progress, running_once);
  ASSERT_TRUE(extend(*store, "a", token, milliseconds{500})) << "a shorter one too";
  advance(milliseconds{500});
  EXPECT_EQ(job("a").progress, ready_again);
}

TEST_P(StoreConformance, ARenewedLeaseLastsItsLatestLengthFromThenOn) {
  submit({new_job("a"), new_job("b")}).value();
  const auto leases = lease_now(*store, request(2, milliseconds{1'000}));
  advance(milliseconds{900});
  ASSERT_TRUE(extend(*store, "b", leases.at(1).token, milliseconds{3'000}));
  advance(milliseconds{50});
  const auto changes = due_changes.load();
  store->renew_leases();
  EXPECT_EQ(due_changes, changes) << "no lease ends earlier than before";
  advance(milliseconds{999});
  EXPECT_EQ(job("a").progress, running_once);
  const auto next = advance(milliseconds{1});
  EXPECT_EQ(next, clock.now().steady + milliseconds{2'000});
  EXPECT_EQ(job("a").progress, ready_again);
  EXPECT_EQ(job("b").progress, running_once);
  advance(milliseconds{2'000});
  EXPECT_EQ(job("b").progress, ready_again);
}

TEST_P(StoreConformance, TooManyClaimsThatRanOutFailTheJob) {
  auto once = options();
  once.interruptions_max = 1;
  open(std::move(once));
  submit(new_job("a")).value();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(ids(lease_now(*store, request(1, milliseconds{10}))), "a");
    advance(milliseconds{10});
  }
  EXPECT_EQ(job("a").progress.reason, Reason::interrupted);
}

TEST_P(StoreConformance, ACancelIsReportedByTheNextExtension) {
  submit(new_job("a")).value();
  const auto leased = lease_now(*store).at(0);
  EXPECT_EQ(cancel("a").value().progress.status, Status::running);
  EXPECT_TRUE(extend(*store, "a", leased.token, milliseconds{1'000}).value().cancel_requested);
  const auto resolution = complete(*store, "a", leased.token, engine::Retry{.error = "e"}).value();
  EXPECT_EQ(std::get<engine::Failed>(resolution).reason, Reason::cancelled);
}

TEST_P(StoreConformance, ACancelledJobWhoseLeaseRunsOutIsCancelled) {
  submit(new_job("a")).value();
  EXPECT_EQ(ids(lease_now(*store, request(1, milliseconds{1'000}))), "a");
  ASSERT_TRUE(cancel("a"));
  advance(milliseconds{1'000});
  EXPECT_EQ(job("a").progress, cancelled_once);
  EXPECT_EQ(diary.leases(), " started:a failed:a");
}

TEST_P(StoreConformance, ATimeoutCountsFromTheStartWithAnyLease) {
  submit(limited("a", milliseconds{250})).value();
  const auto leased = lease_now(*store).at(0);
  advance(milliseconds{200});
  ASSERT_TRUE(extend(*store, "a", leased.token, milliseconds{60'000}));
  advance(milliseconds{49});
  EXPECT_EQ(diary.leases(), " started:a");
  advance(milliseconds{1});
  EXPECT_EQ(diary.leases(), " started:a again:a");
  const auto found = job("a");
  EXPECT_EQ(found.progress,
            (Progress{.status = Status::queued, .reason = Reason::backoff, .attempts = 1, .failures = 1}));
  EXPECT_EQ(found.last_error, "timed out after 250 ms");
  EXPECT_EQ(code(extend(*store, "a", leased.token, milliseconds{1})), ErrorCode::lease_lost);
  advance(milliseconds{60'000});
  EXPECT_EQ(diary.leases(), " started:a again:a") << "the lease ended with it";
}

TEST_P(StoreConformance, ATimeoutBeatsALeaseThatRunsOutWithIt) {
  submit(limited("a", milliseconds{250})).value();
  EXPECT_EQ(ids(lease_now(*store, request(1, milliseconds{250}))), "a");
  advance(milliseconds{250});
  EXPECT_EQ(diary.leases(), " started:a again:a");
}

TEST_P(StoreConformance, ATimeoutEndsALeaseWhoseCancelTheWorkerIgnores) {
  submit(limited("a", milliseconds{250})).value();
  EXPECT_EQ(ids(lease_now(*store)), "a");
  ASSERT_TRUE(cancel("a"));
  advance(milliseconds{250});
  EXPECT_EQ(job("a").progress, cancelled_once);
  EXPECT_EQ(diary.leases(), " started:a failed:a");
}

}  // namespace jobqd::stores
