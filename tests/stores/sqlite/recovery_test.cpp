// What a store holds after a crash.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
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
using std::chrono::minutes;
using std::chrono::seconds;
using support::new_job;

domain::NewJob urgent(std::string id, std::int8_t priority) {
  auto job = new_job(std::move(id));
  job.priority = priority;
  return job;
}

class SqliteRecovery : public testing::Test {
 protected:
  SqliteRecovery() { on_disk.must_open(); }

  void submit(domain::NewJob job) { on_disk.submit({std::move(job)}).value(); }
  void crash() {
    on_disk.crash();
    on_disk.must_open();
  }
  domain::Job job(const std::string& id) { return on_disk.find(id).value(); }
  engine::Claim start(std::string id) {
    submit(new_job(std::move(id)));
    return on_disk.claim_durably().value();
  }
  void finish(std::string id, engine::Outcome resolution = engine::Done{}) {
    const auto claim = start(std::move(id));
    support::settle(on_disk.store(), claim, std::move(resolution));
    (void)job(claim.id);
  }

  /// The workers of the daemon run its jobs: lease_recovery_test.cpp has remote ones.
  StoreOnDisk on_disk{{.store = {.queues = {{.capacity = 1'000'000}}}}};
};

}  // namespace

TEST_F(SqliteRecovery, QueuedJobsComeBackAsTheyWere) {
  submit({.id = "a",
          .payload = R"({"text":"ü\u0000"})",
          .max_retries = 7,
          .priority = -3,
          .timeout = milliseconds{1500}});
  const auto before = job("a");
  on_disk.clock.advance(hours{1});
  crash();
  EXPECT_EQ(on_disk.recovery().queued, 1U);
  const auto after = job("a");
  EXPECT_EQ(after.payload, before.payload);
  EXPECT_EQ(after.progress, before.progress);
  EXPECT_EQ(after.max_retries, 7);
  EXPECT_EQ(after.priority, -3);
  EXPECT_EQ(after.timeout, milliseconds{1500});
  EXPECT_EQ(after.enqueued_at, before.enqueued_at);
  EXPECT_EQ(after.run_at, std::nullopt);
}

TEST_F(SqliteRecovery, JobsStartInTheSameOrder) {
  on_disk.submit({urgent("low", -100), urgent("b", 0), urgent("high", 100), urgent("c", 0)}).value();
  crash();
  for (const auto* id : {"high", "b", "c", "low"}) EXPECT_EQ(on_disk.claim().value().id, id);
}

TEST_F(SqliteRecovery, NewJobsGoBehindThoseOfBefore) {
  submit(new_job("a"));
  crash();
  submit(new_job("b"));
  crash();
  for (const auto* id : {"a", "b"}) EXPECT_EQ(on_disk.claim().value().id, id);
}

TEST_F(SqliteRecovery, ADelayedJobKeepsItsTime) {
  auto delayed = new_job("a");
  delayed.delay = seconds{60};
  submit(delayed);
  const auto before = job("a");
  on_disk.advance(seconds{20});
  crash();
  EXPECT_EQ(job("a").run_at, before.run_at);
  EXPECT_EQ(job("a").progress.reason, Reason::delayed);
  on_disk.advance(milliseconds{39'999});
  EXPECT_FALSE(on_disk.claim());
  on_disk.advance(milliseconds{1});
  EXPECT_TRUE(on_disk.claim());
}

TEST_F(SqliteRecovery, AJobInBackoffKeepsItsTimeAndItsHistory) {
  auto retried = new_job("a");
  retried.max_retries = 1;
  on_disk.submit({retried}).value();
  const auto claim = on_disk.claim().value();
  support::settle(on_disk.store(), claim, engine::Retry{.error = "it broke", .after = seconds{30}});
  const auto before = job("a");
  on_disk.advance(seconds{10});
  crash();
  const auto after = job("a");
  EXPECT_EQ(after.progress,
            (Progress{.status = Status::queued, .reason = Reason::backoff, .attempts = 1, .failures = 1}));
  EXPECT_EQ(after.run_at, before.run_at);
  EXPECT_EQ(after.started_at, before.started_at);
  EXPECT_EQ(after.last_error, "it broke");
  on_disk.advance(milliseconds{19'999});
  EXPECT_FALSE(on_disk.claim());
  on_disk.advance(milliseconds{1});
  const auto again = on_disk.claim().value();
  EXPECT_EQ(again.attempt, 2U);
  EXPECT_EQ(again.failures, 1U);
}

TEST_F(SqliteRecovery, JobsThatBecameDueMeanwhileAreReady) {
  auto delayed = new_job("a");
  delayed.delay = seconds{60};
  submit(delayed);
  on_disk.crash();
  on_disk.clock.advance(seconds{60});
  on_disk.must_open();
  EXPECT_EQ(job("a").progress.reason, Reason::ready);
  EXPECT_TRUE(on_disk.claim());
}

TEST_F(SqliteRecovery, ARunningJobWasInterrupted) {
  start("a");
  crash();
  EXPECT_EQ(on_disk.recovery().interrupted, 1U);
  EXPECT_EQ(job("a").progress,
            (Progress{.status = Status::queued, .reason = Reason::ready, .attempts = 1, .interruptions = 1}));
  EXPECT_EQ(on_disk.claim().value().attempt, 2U);
}

TEST_F(SqliteRecovery, AJobThatAlwaysTakesItsDaemonAlongFails) {
  submit(new_job("a"));
  for (std::uint32_t i = 1; i <= 10; ++i) {
    on_disk.claim_durably().value();
    crash();
    EXPECT_EQ(
        job("a").progress,
        (Progress{.status = Status::queued, .reason = Reason::ready, .attempts = i, .interruptions = i}));
  }
  on_disk.claim_durably().value();
  const Progress failed{
      .status = Status::failed, .reason = Reason::interrupted, .attempts = 11, .interruptions = 11};
  for (int i = 0; i < 2; ++i) {
    crash();
    EXPECT_EQ(job("a").progress, failed);
    EXPECT_EQ(job("a").last_error, "interrupted 11 times");
    EXPECT_FALSE(on_disk.claim());
  }
}

TEST_F(SqliteRecovery, FinishedJobsAreKept) {
  finish("done", engine::Done{.result = R"({"ok":true})"});
  finish("failed", engine::Fail{.error = "no"});
  const auto done = job("done");
  crash();
  EXPECT_EQ(on_disk.recovery().finished, 2U);
  EXPECT_EQ(job("done").progress, done.progress);
  EXPECT_EQ(job("done").result, R"({"ok":true})");
  EXPECT_EQ(job("done").finished_at, done.finished_at);
  EXPECT_EQ(job("failed").progress.reason, Reason::rejected);
  EXPECT_EQ(job("failed").last_error, "no");
  EXPECT_FALSE(on_disk.claim());
}

TEST_F(SqliteRecovery, ARepeatedRequestStillGivesNoSecondJob) {
  finish("done");
  submit(new_job("queued"));
  crash();
  const auto answers = on_disk.submit({new_job("done"), new_job("queued")}).value();
  EXPECT_FALSE(answers.at(0).created);
  EXPECT_EQ(answers.at(0).status, Status::done);
  EXPECT_FALSE(answers.at(1).created);
  auto other = new_job("done");
  other.payload = "2";
  EXPECT_EQ(on_disk.submit({other}).error().code, domain::ErrorCode::id_conflict);
}

TEST_F(SqliteRecovery, RetentionGoesOnByAge) {
  finish("a");
  on_disk.advance(hours{20});
  crash();
  on_disk.advance(hours{3} + minutes{59});
  EXPECT_TRUE(on_disk.find("a"));
  on_disk.advance(minutes{1});
  EXPECT_FALSE(on_disk.find("a"));
  submit(new_job("b"));
  crash();
  EXPECT_FALSE(on_disk.find("a"));
}

TEST_F(SqliteRecovery, ChangesByClientsSurvive) {
  finish("retried", engine::Retry{.error = "it broke"});
  finish("removed");
  submit(new_job("cancelled"));
  on_disk.retry("retried").value();
  ASSERT_TRUE(on_disk.remove("removed"));
  on_disk.cancel("cancelled").value();
  crash();
  EXPECT_EQ(job("retried").progress,
            (Progress{.status = Status::queued, .reason = Reason::ready, .attempts = 1}));
  EXPECT_EQ(job("retried").finished_at, std::nullopt);
  EXPECT_FALSE(on_disk.find("removed"));
  EXPECT_EQ(job("cancelled").progress, (Progress{.status = Status::failed, .reason = Reason::cancelled}));
}

TEST_F(SqliteRecovery, RemovingManyAtOnceLeavesThoseBetween) {
  constexpr int count = 300;
  std::vector<std::string> kept;
  for (int i = 0; i < count; ++i) submit(new_job(fmt::format("job-{:03}", i)));
  // Neighbours and single ones, from both ends, most of them in one batch.
  for (int i = 0; i < count; ++i) {
    const int place = i % 2 == 0 ? i / 2 : count - 1 - i / 2;
    if (const int in_seven = place % 7; in_seven == 0 || in_seven == 3)
      kept.push_back(fmt::format("job-{:03}", place));
    else
      on_disk.store().remove(fmt::format("job-{:03}", place), [](auto removed) { EXPECT_TRUE(removed); });
  }
  submit(new_job("last"));
  kept.emplace_back("last");
  std::ranges::sort(kept);
  crash();
  std::vector<std::string> there;
  for (const auto& one : on_disk.all()) there.push_back(one.id);
  EXPECT_EQ(there, kept);
}

TEST_F(SqliteRecovery, TokensGrowOverRestarts) {
  auto last = start("a").token;
  for (int i = 0; i < 3; ++i) {
    crash();
    const auto next = on_disk.claim_durably().value().token;
    EXPECT_GT(next, last);
    last = next;
  }
}

TEST_F(SqliteRecovery, AnAnswerToAClientIsNotUndone) {
  submit(new_job("a"));
  on_disk.claim().value();
  const auto told = job("a").progress;
  EXPECT_EQ(told.status, Status::running);
  crash();
  EXPECT_EQ(job("a").progress.attempts, told.attempts);
}

TEST_F(SqliteRecovery, ACancelOfARunningJobHolds) {
  start("a");
  on_disk.cancel("a").value();
  crash();
  EXPECT_EQ(job("a").progress,
            (Progress{.status = Status::failed, .reason = Reason::cancelled, .attempts = 1}));
  EXPECT_FALSE(on_disk.claim());
}

TEST_F(SqliteRecovery, PlacesAreTakenAsBefore) {
  StoreOnDisk small({.store = {.queues = {{.capacity = 2}}}});
  small.must_open();
  small.submit({new_job("a"), new_job("b")}).value();
  small.crash();
  small.must_open();
  EXPECT_EQ(small.submit({new_job("c")}).error().code, domain::ErrorCode::queue_full);
  small.claim().value();
  EXPECT_TRUE(small.submit({new_job("c")}));
}

TEST_F(SqliteRecovery, MoreJobsThanPlacesComeBackAllTheSame) {
  on_disk.submit({new_job("a"), new_job("b"), new_job("c")}).value();
  for (int i = 0; i < 2; ++i) on_disk.claim_durably().value();
  crash();
  EXPECT_EQ(on_disk.recovery().interrupted, 2U);
  for (const auto* id : {"a", "b", "c"}) EXPECT_EQ(on_disk.claim().value().id, id);
}

TEST_F(SqliteRecovery, AnOrderlyEndLeavesNothingToTheLog) {
  submit(new_job("a"));
  on_disk.close();
  EXPECT_EQ(on_disk.disk().size(StoreOnDisk::log_path), 0U);
  on_disk.disk().cut_power(0);
  on_disk.disk().restart(FaultDisk::Survivors::none);
  on_disk.must_open();
  EXPECT_TRUE(on_disk.find("a"));
}

TEST_F(SqliteRecovery, APausedQueueStaysPausedUntilItIsResumed) {
  const auto set_paused = [this](bool paused) {
    ASSERT_TRUE(support::result_of<void>(
        [&](auto done) { on_disk.store().set_paused("default", paused, std::move(done)); }));
  };
  set_paused(true);
  submit(new_job("a"));
  crash();
  EXPECT_TRUE(on_disk.store().queues().at(0).paused);
  EXPECT_FALSE(on_disk.claim());
  set_paused(false);
  crash();
  EXPECT_FALSE(on_disk.store().queues().at(0).paused);
  EXPECT_EQ(on_disk.claim().value().id, "a");
}

TEST_F(SqliteRecovery, ADeferredJobKeepsItsTraceAndItsCount) {
  auto traced = new_job("a");
  traced.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  submit(traced);
  support::settle(on_disk.store(), on_disk.claim().value(),
                  engine::Defer{.error = "busy", .after = seconds{30}});
  const auto before = job("a");
  crash();
  EXPECT_EQ(job("a").progress, before.progress);
  on_disk.advance(seconds{30});
  const auto claim = on_disk.claim().value();
  EXPECT_EQ(claim.deferrals, 1U);
  EXPECT_EQ(claim.traceparent, traced.traceparent);
}

TEST_F(SqliteRecovery, AJobThatWasSimulatedStillSaysSo) {
  on_disk.store().configure({.max_retries = 9, .processor = {.simulates = true}});
  finish("done");
  finish("deferred", engine::Defer{.error = "busy", .after = hours{1}});
  const auto deferred = job("deferred").progress;
  EXPECT_TRUE(deferred.simulated && deferred.deferrals == 1);
  (void)start("cut short");
  crash();
  EXPECT_TRUE(job("done").progress.simulated);
  EXPECT_EQ(job("deferred").progress, deferred);
  EXPECT_FALSE(job("cut short").progress.simulated) << "nobody saw its end";
}

TEST_F(SqliteRecovery, AFileOfTheFirstVersionIsBroughtForward) {
  submit(new_job("a"));
  on_disk.close();
  on_disk.sql(
      "DROP TABLE queues; ALTER TABLE jobs DROP COLUMN traceparent; ALTER TABLE progress DROP COLUMN "
      "deferrals; ALTER TABLE progress DROP COLUMN token; ALTER TABLE progress DROP COLUMN lease_ms;"
      "ALTER TABLE progress DROP COLUMN worker;"
      "PRAGMA user_version = 1");
  on_disk.must_open();
  EXPECT_EQ(job("a").progress.status, Status::queued);
  on_disk.close();
  on_disk.sql("INSERT INTO queues VALUES ('default', 1)");
  on_disk.must_open();
  EXPECT_TRUE(on_disk.store().queues().at(0).paused);
}

}  // namespace jobqd::stores::sqlite
