// A remote worker that waits for a job gets it in the commit that makes the job durable.

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "stores/conformance/conformance.hpp"
#include "stores/conformance/leases.hpp"
#include "stores/embedded/embedded_store.hpp"
#include "stores/journal/held_journal.hpp"
#include "support/manual_clock.hpp"

namespace jobqd::stores::embedded {

namespace {

using Submitted = std::vector<engine::Submitted>;

class LeaseAtSubmissionTest : public testing::Test {
 protected:
  explicit LeaseAtSubmissionTest(engine::QueueOptions queue = {.capacity = 64, .remote = true}) {
    auto held = std::make_unique<journal::HeldJournal>();
    journal = held.get();
    store = std::make_unique<EmbeddedStore>(EmbeddedOptions{.queues = {std::move(queue)}},
                                            Surroundings{.clock = clock, .random = random, .observer = diary},
                                            std::move(held));
  }

  Caught<Submitted> submit(std::vector<domain::NewJob> jobs) {
    Caught<Submitted> answer;
    store->submit(std::move(jobs), answer.callback());
    return answer;
  }
  Caught<Submitted> submit(std::string id) { return submit({new_job(std::move(id))}); }

  Caught<Claims> lease(milliseconds duration = milliseconds{60'000}) {
    Caught<Claims> answer;
    store->claim(request(1, duration), answer.callback());
    return answer;
  }

  [[nodiscard]] std::string seen() {
    std::string all;
    const auto page = result_of<engine::JobPage>([&](auto done) { store->list({}, std::move(done)); });
    for (const auto& job : page.value().jobs)
      all += job.id + " " + std::string(domain::to_string(job.progress.status)) + ";";
    return all;
  }

  support::ManualClock clock;
  base::Random random{1};
  Diary diary;
  journal::HeldJournal* journal = nullptr;
  std::unique_ptr<EmbeddedStore> store;
};

}  // namespace

TEST_F(LeaseAtSubmissionTest, OneCommitAnswersProducerAndWorker) {
  const auto leased = lease();
  const auto accepted = submit("a");
  EXPECT_FALSE(leased.called());
  EXPECT_FALSE(accepted.called());
  EXPECT_EQ(seen(), "");
  EXPECT_EQ(journal->waiting(), 1U);
  journal->commit();
  EXPECT_EQ(accepted.result()->front().status, Status::queued);
  EXPECT_TRUE(accepted.result()->front().created);
  EXPECT_EQ(ids(*leased.result()), "a");
  EXPECT_EQ(seen(), "a running;");
  EXPECT_EQ(diary.leases(), " started:a");
  const auto& row = journal->image().begin()->second;
  ASSERT_TRUE(row.progress);
  EXPECT_EQ(row.progress->lease->token, leased.result()->front().token);
}

TEST_F(LeaseAtSubmissionTest, AJobThatIsRefusedIsGoneAndItsWorkerIsAnsweredWithTheReason) {
  const auto leased = lease();
  const auto refused = submit("a");
  journal->fail();
  EXPECT_EQ(refused.result().error().code, ErrorCode::store_unavailable);
  EXPECT_EQ(leased.result().error().code, ErrorCode::store_unavailable);
  EXPECT_EQ(seen(), "");
  EXPECT_EQ(diary.leases(), "");
  EXPECT_EQ(store->attempts().leased, 0U);
  EXPECT_EQ(store->counts().of(Status::running) + store->counts().of(Status::queued), 0U);
  journal->commit_all();
  EXPECT_TRUE(journal->image().empty());
  const auto again = submit("a");  // Its id and its place are free.
  journal->commit();
  EXPECT_TRUE(again.result()->front().created);
  EXPECT_EQ(seen(), "a queued;");
}

TEST_F(LeaseAtSubmissionTest, ALeaseThatMissedTheCommitWaitsForTheNext) {
  journal->splits = true;
  const auto leased = lease();
  const auto accepted = submit("a");
  journal->commit();
  EXPECT_TRUE(accepted.called());
  EXPECT_FALSE(leased.called());
  journal->commit();
  EXPECT_EQ(ids(*leased.result()), "a");
}

TEST_F(LeaseAtSubmissionTest, ALeaseThatMissedTheCommitAndIsRefusedGivesTheJobBack) {
  journal->splits = true;
  const auto leased = lease();
  const auto accepted = submit("a");
  journal->commit();
  journal->fail();
  EXPECT_EQ(leased.result().error().code, ErrorCode::store_unavailable);
  EXPECT_EQ(seen(), "a queued;");
}

TEST_F(LeaseAtSubmissionTest, AJobThatIsRefusedLeavesNothingOfALeaseThatMissedItsCommit) {
  journal->splits = true;
  const auto leased = lease();
  const auto refused = submit("a");
  journal->fail();
  journal->commit_all();
  EXPECT_TRUE(refused.called());
  EXPECT_EQ(leased.result().error().code, ErrorCode::store_unavailable);
  EXPECT_TRUE(journal->image().empty());
}

TEST_F(LeaseAtSubmissionTest, AJobDoesNotOvertakeOneThatIsNotDurableYet) {
  const auto first = submit("a");
  const auto leased = lease();
  const auto second = submit("b");
  journal->commit_all();
  EXPECT_EQ(ids(*leased.result()), "a");
  EXPECT_EQ(seen(), "b queued;a running;");
}

TEST_F(LeaseAtSubmissionTest, ADelayedJobOrSeveralAtOnceWaitUntilTheyAreDurable) {
  const auto leased = lease();
  auto delayed = new_job("later");
  delayed.delay = milliseconds{1'000};
  const auto first = submit({std::move(delayed)});
  EXPECT_EQ(store->attempts().leased, 0U);
  const auto both = submit({new_job("a"), new_job("b")});
  EXPECT_EQ(store->attempts().leased, 0U);
  journal->commit_all();
  EXPECT_EQ(ids(*leased.result()), "a");
}

TEST_F(LeaseAtSubmissionTest, APausedQueueStartsNothing) {
  Caught<void> paused;
  store->set_paused("default", true, paused.callback());
  journal->commit_all();
  const auto leased = lease();
  const auto accepted = submit("a");
  journal->commit_all();
  EXPECT_FALSE(leased.called());
  EXPECT_EQ(seen(), "a queued;");
}

TEST_F(LeaseAtSubmissionTest, ALeaseBeginsWhenItIsDurable) {
  const auto leased = lease(milliseconds{1'000});
  const auto waiting = lease(milliseconds{1'000});
  const auto accepted = submit("a");
  for (int i = 0; i < 5; ++i) {  // The disk hangs.
    clock.advance(milliseconds{1'000});
    store->tick(clock.now());
  }
  journal->commit_all();
  EXPECT_EQ(accepted.result()->front().status, Status::queued);
  const auto claim = leased.result()->front();
  EXPECT_EQ(claim.lease->expires_at, clock.now().wall + milliseconds{1'000});
  EXPECT_FALSE(waiting.called());
  EXPECT_EQ(seen(), "a running;");
  clock.advance(milliseconds{999});
  store->tick(clock.now());
  Caught<engine::Resolution> done;
  store->settle("a", claim.token, engine::Done{}, engine::Settler::remote_worker, done.callback());
  journal->commit_all();
  EXPECT_TRUE(done.result());
  EXPECT_EQ(seen(), "a done;");
}

TEST_F(LeaseAtSubmissionTest, TheTimeOfAJobIsNotUpBeforeItIsDurable) {
  const auto leased = lease();
  const auto accepted = submit({limited("a", milliseconds{200})});
  clock.advance(milliseconds{300});
  store->tick(clock.now());
  journal->commit_all();
  EXPECT_EQ(seen(), "a running;");
  clock.advance(milliseconds{200});
  store->tick(clock.now());
  EXPECT_EQ(seen(), "a queued;");
}

TEST_F(LeaseAtSubmissionTest, NoWorkerOfTheDaemonStartsAJobThatIsNotDurable) {
  const auto leased = lease(milliseconds{1'000});
  const auto accepted = submit("a");
  store->configure({.capacity = 64, .remote = false});
  clock.advance(milliseconds{2'000});
  store->tick(clock.now());
  Caught<Claims> own;
  store->claim({.queue = "default", .wait_id = engine::new_wait_id()}, own.callback());
  EXPECT_FALSE(own.called());
  EXPECT_EQ(store->next_start(), std::nullopt);
  journal->commit_all();
  EXPECT_EQ(ids(*leased.result()), "a");
  EXPECT_FALSE(own.called());
}

TEST_F(LeaseAtSubmissionTest, AStopEndsALeaseThatNobodyHasHeardOf) {
  const auto leased = lease();
  const auto accepted = submit("a");
  store->stop_claims();
  store->end_leases();
  journal->commit_all();
  EXPECT_EQ(accepted.result()->front().status, Status::queued);
  EXPECT_EQ(ids(*leased.result()), "");
  EXPECT_EQ(seen(), "a queued;");
}

TEST_F(LeaseAtSubmissionTest, AStopMayEndAndForgetAJobThatNobodyHasHeardOf) {
  store->configure({.capacity = 64, .retention = milliseconds{0}, .interruptions_max = 0, .remote = true});
  const auto leased = lease();
  const auto accepted = submit("a");
  store->stop_claims();
  store->end_leases();
  store->tick(clock.now());
  journal->commit_all();
  EXPECT_EQ(accepted.result()->front().status, Status::queued);
  EXPECT_EQ(ids(*leased.result()), "");
  EXPECT_EQ(seen(), "");
}

TEST_F(LeaseAtSubmissionTest, ALeaseThatAStopHasEndedLeavesNothingOfARefusedJob) {
  const auto leased = lease();
  const auto refused = submit("a");
  store->stop_claims();
  store->end_leases();
  journal->fail();
  EXPECT_EQ(refused.result().error().code, ErrorCode::store_unavailable);
  EXPECT_EQ(seen(), "");
  journal->commit_all();
  EXPECT_TRUE(journal->image().empty());
}

}  // namespace jobqd::stores::embedded
