// What a restart leaves of the leases of remote workers.

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "stores/faults/store_on_disk.hpp"
#include "support/attempts.hpp"
#include "support/caught.hpp"
#include "support/jobs.hpp"

namespace jobqd::stores::sqlite {

namespace {

using base::milliseconds;
using domain::Progress;
using domain::Reason;
using domain::Status;
using std::chrono::hours;
using std::chrono::seconds;
using support::new_job;
using support::result_of;

const Progress running{.status = Status::running, .reason = Reason::none, .attempts = 1};
const Progress ready_again{
    .status = Status::queued, .reason = Reason::ready, .attempts = 1, .interruptions = 1};
const Progress cancelled{.status = Status::failed, .reason = Reason::cancelled, .attempts = 1};

class LeaseRecovery : public testing::Test {
 protected:
  LeaseRecovery() { on_disk.must_open(); }

  /// A new job, leased for 10 s by the worker "w". Answered, so it is durable.
  engine::Claim lease(domain::NewJob job) {
    on_disk.submit({std::move(job)}).value();
    return result_of<std::vector<engine::Claim>>([&](auto done) {
             on_disk.store().claim(
                 {.queue = "default", .lease = engine::LeaseTerms{.duration = seconds{10}, .worker = "w"}},
                 std::move(done));
           })
        .value()
        .front();
  }
  engine::Claim lease(std::string id) { return lease(new_job(std::move(id))); }

  engine::Expected<engine::Extension> extend(const engine::Claim& claim, milliseconds by = seconds{10}) {
    return result_of<engine::Extension>(
        [&](auto done) { on_disk.store().extend(claim.id, claim.token, by, std::move(done)); });
  }
  engine::Expected<engine::Resolution> settle(const engine::Claim& claim, engine::Outcome outcome) {
    return support::settled(on_disk.store(), claim, std::move(outcome), engine::Settler::remote_worker);
  }

  void crash() {
    on_disk.crash();
    on_disk.must_open();
  }
  Progress progress(const std::string& id) { return on_disk.find(id).value().progress; }

  StoreOnDisk on_disk{{.store = {.queues = {{.remote = true}}}}};
};

}  // namespace

TEST_F(LeaseRecovery, ALeaseSurvivesACrashWithItsToken) {
  const auto held = lease("a");
  crash();
  EXPECT_EQ(on_disk.recovery().leased, 1U);
  EXPECT_EQ(on_disk.recovery().interrupted, 0U);
  EXPECT_EQ(progress("a"), running);
  EXPECT_EQ(on_disk.store().attempts().leased, 1U);
  EXPECT_FALSE(on_disk.claim()) << "nobody else gets the job";
  EXPECT_FALSE(extend(held).value().cancel_requested);
  EXPECT_TRUE(settle(held, engine::Done{.result = "1"}));
  EXPECT_EQ(progress("a").status, Status::done);
  EXPECT_EQ(progress("a").interruptions, 0U);
}

TEST_F(LeaseRecovery, ALeaseSurvivesAnOrderlyEndAndSeveralRestarts) {
  auto retried = new_job("a");
  retried.max_retries = 1;
  const auto held = lease(retried);
  for (int i = 0; i < 3; ++i) {
    on_disk.close();
    on_disk.must_open();
  }
  EXPECT_TRUE(settle(held, engine::Retry{.error = "e", .after = seconds{1}}));
  on_disk.advance(seconds{1});
  const auto again = on_disk.claim().value();
  EXPECT_EQ(again.attempt, 2U);
  EXPECT_GT(again.token, held.token);
}

TEST_F(LeaseRecovery, OnlyTheTokenOfTheLeaseHoldsTheJob) {
  const auto held = lease("a");
  crash();
  for (const auto token : {engine::FencingToken{0}, held.token - 1, held.token + 1}) {
    auto forged = held;
    forged.token = token;
    EXPECT_EQ(extend(forged).error().code, domain::ErrorCode::lease_lost);
    EXPECT_EQ(settle(forged, engine::Done{}).error().code, domain::ErrorCode::lease_lost);
  }
  const auto other = lease("b");
  EXPECT_GT(other.token, held.token);
  EXPECT_TRUE(settle(held, engine::Done{}));
}

TEST_F(LeaseRecovery, ALeaseLastsItsFullLengthAgainOnceWorkersCanReachTheDaemon) {
  lease("a");
  on_disk.advance(seconds{9});
  on_disk.crash();
  on_disk.clock.advance(hours{1});
  on_disk.must_open();
  on_disk.clock.advance(seconds{9});
  on_disk.store().renew_leases();
  on_disk.advance(milliseconds{9'999});
  EXPECT_EQ(progress("a"), running);
  on_disk.advance(milliseconds{1});
  EXPECT_EQ(progress("a"), ready_again);
}

TEST_F(LeaseRecovery, TheLengthIsThatOfTheLastHeartbeat) {
  const auto held = lease("a");
  ASSERT_TRUE(extend(held, seconds{60}));
  (void)on_disk.find("a");  // A read waits until the change is durable.
  crash();
  on_disk.advance(milliseconds{59'999});
  EXPECT_EQ(progress("a"), running);
  on_disk.advance(milliseconds{1});
  EXPECT_EQ(progress("a"), ready_again);
}

TEST_F(LeaseRecovery, ALeaseThatHasEndedIsNotBack) {
  const auto done = lease("done");
  ASSERT_TRUE(settle(done, engine::Done{}));
  const auto expired = lease("expired");
  on_disk.advance(seconds{10});
  EXPECT_EQ(progress("expired"), ready_again);
  crash();
  EXPECT_EQ(on_disk.recovery().leased, 0U);
  EXPECT_EQ(extend(done).error().code, domain::ErrorCode::lease_lost);
  EXPECT_EQ(extend(expired).error().code, domain::ErrorCode::lease_lost);
}

TEST_F(LeaseRecovery, TheLogStillKnowsTheWorker) {
  lease("a");
  crash();
  on_disk.advance(seconds{10});
  EXPECT_EQ(on_disk.watcher.expired_workers(), "w");
}

TEST_F(LeaseRecovery, ACancelIsToldByTheNextHeartbeat) {
  const auto stops = lease("stops");
  const auto runs_out = lease("runs out");
  const auto completes = lease("completes");
  for (const auto* id : {"stops", "runs out", "completes"}) on_disk.cancel(id).value();
  crash();
  crash();  // What came back is kept like what was there.
  EXPECT_EQ(progress("stops").status, Status::running);
  EXPECT_TRUE(extend(stops).value().cancel_requested);
  EXPECT_TRUE(settle(stops, engine::Retry{.error = "stopped"}));
  EXPECT_EQ(progress("stops"), cancelled);
  EXPECT_TRUE(settle(completes, engine::Done{}));
  EXPECT_EQ(progress("completes").status, Status::done);
  on_disk.advance(seconds{10});
  EXPECT_EQ(progress("runs out"), cancelled);
}

TEST_F(LeaseRecovery, ACancelAfterARestartIsKeptWithTheLease) {
  const auto held = lease("a");
  crash();
  on_disk.cancel("a").value();
  crash();
  EXPECT_TRUE(extend(held).value().cancel_requested);
}

TEST_F(LeaseRecovery, TheTimeoutStillCountsFromTheStart) {
  auto limited = new_job("a");
  limited.timeout = seconds{30};
  limited.max_retries = 1;
  const auto held = lease(limited);
  on_disk.advance(seconds{5});
  on_disk.crash();
  on_disk.clock.advance(seconds{10});
  on_disk.must_open();
  ASSERT_TRUE(extend(held, hours{1}));
  on_disk.advance(milliseconds{14'999});
  EXPECT_EQ(progress("a"), running);
  on_disk.advance(milliseconds{1});
  EXPECT_EQ(progress("a").failures, 1U);
  EXPECT_EQ(on_disk.find("a").value().last_error, "timed out after 30000 ms");
}

TEST_F(LeaseRecovery, ATimeoutThatPassedMeanwhileEndsTheLease) {
  auto limited = new_job("a");
  limited.timeout = seconds{30};
  const auto held = lease(limited);
  on_disk.crash();
  on_disk.clock.advance(seconds{30});
  on_disk.must_open();
  on_disk.advance(milliseconds{0});
  EXPECT_EQ(progress("a").reason, Reason::exhausted);
  EXPECT_EQ(extend(held).error().code, domain::ErrorCode::lease_lost);
}

TEST_F(LeaseRecovery, TheLeaseOfAQueueThatIsNoLongerRemoteWasInterrupted) {
  const auto held = lease("a");
  on_disk.crash();
  on_disk.configure({.queues = {{.remote = false}}});
  on_disk.must_open();
  EXPECT_EQ(on_disk.recovery().interrupted, 1U);
  EXPECT_EQ(progress("a"), ready_again);
  EXPECT_EQ(settle(held, engine::Done{}).error().code, domain::ErrorCode::lease_lost);
  EXPECT_EQ(on_disk.claim().value().attempt, 2U);
}

TEST_F(LeaseRecovery, AnAttemptOfADaemonsOwnWorkerIsNoLease) {
  on_disk.submit({new_job("a")}).value();
  on_disk.claim_durably().value();
  crash();
  EXPECT_EQ(on_disk.recovery().leased, 0U);
  auto without_workers = ready_again;
  without_workers.reason = Reason::no_worker;
  EXPECT_EQ(progress("a"), without_workers) << "no remote worker has shown itself to the new daemon";
}

}  // namespace jobqd::stores::sqlite
