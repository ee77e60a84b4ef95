// The embedded store between its callers and its journal.

#include "stores/embedded/embedded_store.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "stores/journal/held_journal.hpp"
#include "support/attempts.hpp"
#include "support/caught.hpp"
#include "support/jobs.hpp"
#include "support/manual_clock.hpp"

namespace jobqd::stores::embedded {

namespace {

using base::milliseconds;
using domain::ErrorCode;
using domain::Reason;
using domain::Status;
using support::Caught;
using support::new_job;
using support::result_of;

using Submitted = std::vector<engine::Submitted>;

class EmbeddedStoreTest : public testing::Test {
 protected:
  void open(std::size_t capacity) {
    auto held = std::make_unique<journal::HeldJournal>();
    journal = held.get();
    store = std::make_unique<EmbeddedStore>(
        EmbeddedOptions{.queues = {{.capacity = capacity, .remote = true}}},
        Surroundings{.clock = clock, .random = random, .observer = observer}, std::move(held));
  }

  void submit(domain::NewJob job, const Caught<Submitted>& answer = {}) {
    store->submit({std::move(job)}, Caught(answer).callback());
  }

  void submit_durably(domain::NewJob job) {
    submit(std::move(job));
    journal->commit_all();
  }

  engine::Claim start(domain::NewJob job) {
    submit_durably(std::move(job));
    return support::claim(*store, "default").value();
  }

  Caught<std::vector<engine::Claim>> lease() {
    Caught<std::vector<engine::Claim>> answer;
    store->claim({.queue = "default", .lease = engine::LeaseTerms{}, .wait_id = engine::new_wait_id()},
                 answer.callback());
    return answer;
  }

  engine::Claim lease_durably() {
    const auto leased = lease();
    journal->commit();
    return leased.result()->front();
  }

  /// As the store sees it now, durable or not.
  std::optional<domain::Job> seen(const std::string& id) {
    const auto page =
        result_of<engine::JobPage>([&](auto done) { store->list({}, std::move(done)); }).value();
    for (const auto& job : page.jobs)
      if (job.id == id) return job;
    return std::nullopt;
  }

  support::ManualClock clock;
  base::Random random{1};
  engine::Observer observer;
  journal::HeldJournal* journal = nullptr;
  std::unique_ptr<EmbeddedStore> store;

  EmbeddedStoreTest() { open(64); }
};

template <class T>
std::optional<ErrorCode> code(const Caught<T>& caught) {
  const auto result = caught.result();
  return result ? std::nullopt : std::optional(result.error().code);
}

}  // namespace

TEST_F(EmbeddedStoreTest, AJobIsNeitherVisibleNorRunBeforeItIsDurable) {
  Caught<Submitted> answer;
  submit(new_job("a"), answer);
  EXPECT_FALSE(answer.called());
  EXPECT_EQ(store->next_start(), std::nullopt);
  EXPECT_EQ(store->counts().of(Status::queued), 0U);
  EXPECT_FALSE(seen("a"));
  journal->commit();
  EXPECT_EQ(store->counts().of(Status::queued), 1U);
  EXPECT_TRUE(answer.result()->front().created);
  EXPECT_TRUE(store->next_start());
  EXPECT_TRUE(seen("a"));
}

TEST_F(EmbeddedStoreTest, AJobThatCannotBeMadeDurableIsWithdrawn) {
  open(1);
  Caught<Submitted> answer;
  submit(new_job("a"), answer);
  journal->fail();
  EXPECT_EQ(code(answer), ErrorCode::store_unavailable);
  EXPECT_EQ(store->counts().of(Status::queued), 0U);
  EXPECT_FALSE(seen("a"));
  Caught<Submitted> again;
  submit(new_job("a"), again);  // Place and id are free.
  journal->commit();
  EXPECT_TRUE(again.result()->front().created);
}

TEST_F(EmbeddedStoreTest, ARepeatedJobIsAnsweredAfterTheFirst) {
  Caught<Submitted> first;
  Caught<Submitted> second;
  submit(new_job("a"), first);
  submit(new_job("a"), second);
  journal->commit();
  EXPECT_TRUE(first.called());
  EXPECT_FALSE(second.called());
  journal->commit();
  EXPECT_FALSE(second.result()->front().created);
}

TEST_F(EmbeddedStoreTest, ARepeatedJobFailsWithTheFirst) {
  Caught<Submitted> first;
  Caught<Submitted> second;
  submit(new_job("a"), first);
  submit(new_job("a"), second);
  journal->fail();
  journal->commit();
  EXPECT_EQ(code(first), ErrorCode::store_unavailable);
  EXPECT_EQ(code(second), ErrorCode::store_unavailable);
}

TEST_F(EmbeddedStoreTest, ARepeatedJobThatIsRemovedMeanwhileIsAnsweredAsItWasFound) {
  submit_durably(new_job("a"));
  Caught<Submitted> again;
  submit(new_job("a"), again);
  store->remove("a", Caught<void>().callback());
  journal->commit_all();
  ASSERT_TRUE(again.result());
  EXPECT_FALSE(again.result()->front().created);
  EXPECT_EQ(again.result()->front().status, Status::queued);
}

TEST_F(EmbeddedStoreTest, ADelayThatPassedOnTheWayToTheDiskIsOver) {
  auto delayed = new_job("a");
  delayed.delay = milliseconds{10};
  submit(delayed);
  clock.advance(milliseconds{20});
  store->tick(clock.now());
  journal->commit();
  EXPECT_EQ(seen("a")->progress.reason, Reason::delayed);
  store->tick(clock.now());
  EXPECT_EQ(seen("a")->progress.reason, Reason::no_worker);
}

TEST_F(EmbeddedStoreTest, AFindWaitsUntilItsAnswerIsDurable) {
  const auto claim = start(new_job("a"));
  journal->commit_all();
  support::settle(*store, claim, engine::Done{});
  Caught<domain::Job> found;
  store->find("a", found.callback());
  EXPECT_FALSE(found.called());
  journal->commit();
  EXPECT_EQ(found.result()->progress.status, Status::done);
}

TEST_F(EmbeddedStoreTest, AFindIsAnsweredEvenWhenTheDiskIsInTrouble) {
  const auto claim = start(new_job("a"));
  support::settle(*store, claim, engine::Done{});
  Caught<domain::Job> found;
  store->find("a", found.callback());
  journal->fail();
  EXPECT_EQ(found.result()->progress.status, Status::done);
}

TEST_F(EmbeddedStoreTest, AWatchCompletesOnceTheEndIsDurable) {
  const auto claim = start(new_job("a"));
  Caught<domain::Job> watched;
  store->watch("a", watched.callback());
  support::settle(*store, claim, engine::Done{});
  EXPECT_FALSE(watched.called());
  journal->commit();
  EXPECT_EQ(watched.result()->progress.status, Status::done);
}

TEST_F(EmbeddedStoreTest, AWatchOfADurableEndCompletesAtOnce) {
  support::settle(*store, start(new_job("a")), engine::Done{});
  journal->commit_all();
  Caught<domain::Job> watched;
  store->watch("a", watched.callback());
  EXPECT_TRUE(watched.called());
}

TEST_F(EmbeddedStoreTest, ACancelThatIsNotDurableIsNotConfirmed) {
  submit_durably(new_job("a"));
  Caught<domain::Job> cancelled;
  store->cancel("a", cancelled.callback());
  EXPECT_FALSE(cancelled.called());
  journal->fail();
  EXPECT_EQ(code(cancelled), ErrorCode::store_unavailable);
}

TEST_F(EmbeddedStoreTest, ACancelHoldsWhenTheAttemptIsSettledAtTheSameMoment) {
  const auto claim = start(new_job("a"));
  bool settled = false;
  journal->on_flush = [&] {  // The cancel has released the lock, and has not asked the attempt to stop yet.
    if (!std::exchange(settled, true)) support::settle(*store, claim, engine::Interrupted{});
  };
  store->cancel("a", Caught<domain::Job>().callback());
  EXPECT_TRUE(settled);
  EXPECT_EQ(seen("a")->progress.reason, Reason::cancelled);
}

TEST_F(EmbeddedStoreTest, TroubleRefusesEveryChangeThatHasToBeDurable) {
  submit_durably(new_job("a"));
  journal->set_trouble("disk full");
  EXPECT_EQ(store->trouble(), "disk full");
  Caught<Submitted> submitted;
  Caught<domain::Job> cancelled;
  Caught<domain::Job> retried;
  Caught<void> removed;
  submit(new_job("b"), submitted);
  store->cancel("a", cancelled.callback());
  store->retry("a", retried.callback());
  store->remove("a", removed.callback());
  for (const auto refused : {code(submitted), code(cancelled), code(retried), code(removed)})
    EXPECT_EQ(refused, ErrorCode::store_unavailable);
  EXPECT_EQ(seen("a")->progress.status, Status::queued);
}

TEST_F(EmbeddedStoreTest, JobsStillRunInTrouble) {
  submit_durably(new_job("a"));
  journal->set_trouble("disk full");
  const auto claim = support::claim(*store, "default");
  ASSERT_TRUE(claim);
  EXPECT_TRUE(support::settle(*store, *claim, engine::Done{}));
  journal->set_trouble("");
  journal->commit_all();
  EXPECT_EQ(journal->image().begin()->second.progress->progress.status, Status::done);
}

TEST_F(EmbeddedStoreTest, ALeaseIsAnsweredOnceItIsDurable) {
  submit_durably(new_job("a"));
  const auto leased = lease();
  EXPECT_FALSE(leased.called());
  journal->commit();
  ASSERT_EQ(leased.result()->size(), 1U);
  EXPECT_EQ(journal->image().begin()->second.progress->progress.attempts, 1U);
}

TEST_F(EmbeddedStoreTest, ALeaseThatCannotBeMadeDurableGivesItsJobsBackUncounted) {
  submit_durably(new_job("a"));
  const auto leased = lease();
  journal->fail();
  EXPECT_EQ(code(leased), ErrorCode::store_unavailable);
  EXPECT_EQ(seen("a")->progress, (domain::Progress{.status = Status::queued, .reason = Reason::ready}));
  const auto again = lease();
  journal->commit();
  EXPECT_EQ(again.result()->front().attempt, 1U);
}

TEST_F(EmbeddedStoreTest, TroubleRefusesLeases) {
  submit_durably(new_job("a"));
  journal->set_trouble("disk full");
  EXPECT_EQ(code(lease()), ErrorCode::store_unavailable);
  EXPECT_EQ(seen("a")->progress.attempts, 0U);
}

TEST_F(EmbeddedStoreTest, JournalsEverythingThatACrashMustNotUndo) {
  auto retried = new_job("a");
  retried.max_retries = 1;
  submit_durably(retried);
  const auto kept = [&] {
    journal->commit_all();
    return journal->image().begin()->second.progress.value().progress;
  };
  const auto claim = support::claim(*store, "default");
  EXPECT_EQ(kept(), (domain::Progress{.status = Status::running, .reason = Reason::none, .attempts = 1}));
  support::settle(*store, *claim, engine::Retry{.error = "e", .after = milliseconds{1}});
  EXPECT_EQ(kept().failures, 1U);
  store->cancel("a", Caught<domain::Job>().callback());
  EXPECT_EQ(kept().reason, Reason::cancelled);
  store->retry("a", Caught<domain::Job>().callback());
  EXPECT_EQ(kept().status, Status::queued);
  store->remove("a", Caught<void>().callback());
  journal->commit_all();
  EXPECT_TRUE(journal->image().empty());
}

TEST_F(EmbeddedStoreTest, TickDoesOnlySoMuchAtATime) {
  open(3'000);
  std::vector<domain::NewJob> jobs;
  for (int i = 0; i < 2'500; ++i) {
    jobs.push_back(new_job(std::to_string(i)));
    jobs.back().delay = milliseconds{10};
  }
  store->submit(std::move(jobs), Caught<Submitted>().callback());
  journal->commit();
  clock.advance(milliseconds{10});
  const auto now = clock.now();
  EXPECT_EQ(store->tick(now), now.steady);
  EXPECT_EQ(store->tick(now), now.steady);
  EXPECT_EQ(store->tick(now), std::nullopt);
}

TEST_F(EmbeddedStoreTest, AListLooksAtOnlySoManyJobsAtATime) {
  open(20'000);
  std::vector<domain::NewJob> jobs;
  for (int i = 0; i < 12'000; ++i) jobs.push_back(new_job(std::to_string(i)));
  store->submit(std::move(jobs), Caught<Submitted>().callback());
  journal->commit();
  (void)support::claim(*store, "default");  // The oldest.
  engine::ListQuery query{.status = Status::running};
  const auto list = [&] {
    return result_of<engine::JobPage>([&](auto done) { store->list(query, std::move(done)); }).value();
  };
  const auto first = list();
  EXPECT_TRUE(first.jobs.empty());
  ASSERT_NE(first.next, 0U);
  query.before = first.next;
  const auto second = list();
  EXPECT_EQ(second.jobs.size(), 1U);
  EXPECT_EQ(second.next, 0U);
}

TEST_F(EmbeddedStoreTest, APageOfAListIsBoundedInBytes) {
  auto large = new_job("a");
  large.payload = std::string(2'000'000, ' ') + "1";
  for (const auto* id : {"a", "b", "c"}) {
    large.id = id;
    submit_durably(large);
  }
  const auto list = [&](std::uint64_t before) {
    return result_of<engine::JobPage>([&](auto done) { store->list({.before = before}, std::move(done)); })
        .value();
  };
  const auto first = list(0);
  EXPECT_EQ(first.jobs.size(), 2U);
  const auto second = list(first.next);
  EXPECT_EQ(second.jobs.size(), 1U);
  EXPECT_EQ(second.next, 0U);
}

TEST_F(EmbeddedStoreTest, ARemoteWorkerIsAnsweredOnceTheEndIsDurable) {
  submit_durably(new_job("a"));
  const auto claimed = lease_durably();
  Caught<engine::Resolution> settled;
  store->settle("a", claimed.token, engine::Done{}, engine::Settler::remote_worker, settled.callback());
  EXPECT_EQ(seen("a")->progress.status, Status::done);
  EXPECT_FALSE(settled.called());
  journal->commit();
  EXPECT_TRUE(settled.result());
  EXPECT_EQ(journal->image().at(1).progress->progress.status, Status::done);
}

TEST_F(EmbeddedStoreTest, ARemoteWorkerLearnsThatTheDiskRefuses) {
  submit_durably(new_job("a"));
  const auto claimed = lease_durably();
  Caught<engine::Resolution> settled;
  store->settle("a", claimed.token, engine::Done{}, engine::Settler::remote_worker, settled.callback());
  journal->fail();
  EXPECT_EQ(code(settled), ErrorCode::store_unavailable);
  EXPECT_EQ(seen("a")->progress.status, Status::done) << "it holds, and is written later";
  journal->commit_all();
  EXPECT_EQ(journal->image().at(1).progress->progress.status, Status::done);
}

TEST_F(EmbeddedStoreTest, AWaitingClaimGetsNoJobThatIsNotDurable) {
  Caught<std::vector<engine::Claim>> claimed;
  EXPECT_TRUE(store->claim({.queue = "default"}, claimed.callback()));
  submit(new_job("a"));
  EXPECT_FALSE(claimed.called());
  journal->commit();
  EXPECT_EQ(claimed.result()->at(0).id, "a");
}

}  // namespace jobqd::stores::embedded
