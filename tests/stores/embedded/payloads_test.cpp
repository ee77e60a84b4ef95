// Payloads beyond the memory budget, with a journal that reads when the test says so.

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stores/embedded/embedded_store.hpp"
#include "stores/journal/held_journal.hpp"
#include "support/attempts.hpp"
#include "support/caught.hpp"
#include "support/jobs.hpp"
#include "support/manual_clock.hpp"

namespace jobqd::stores::embedded {

namespace {

using domain::ErrorCode;
using support::Caught;
using support::new_job;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::size_t payload_bytes = 200;
constexpr std::size_t budget = 1'000;  ///< Of which 62 bytes are the least window.

std::string payload_of(const std::string& id) {
  return fmt::format("\"{:x<{}}\"", id, payload_bytes - 2);
}

domain::NewJob large_job(const std::string& id, int priority = 0) {
  auto job = new_job(id);
  job.payload = payload_of(id);
  job.priority = static_cast<std::int8_t>(priority);
  return job;
}

class Watching : public engine::Observer {
 public:
  void job_set_aside(std::string_view job) override { set_aside.emplace_back(job); }
  std::vector<std::string> set_aside;
};

class PayloadsOnDisk : public testing::Test {
 protected:
  PayloadsOnDisk() {
    auto held = std::make_unique<journal::HeldJournal>();
    journal = held.get();
    store = std::make_unique<EmbeddedStore>(
        EmbeddedOptions{.memory_budget = budget},
        Surroundings{.clock = clock, .random = random, .observer = observer}, std::move(held));
  }

  void enqueue(const std::string& id, int priority = 0) {
    Caught<std::vector<engine::Submitted>> submitted;
    store->submit({large_job(id, priority)}, submitted.callback());
    journal->commit_all();
    ASSERT_TRUE(submitted.result().has_value());
  }
  /// a0, a1 and so on: the first five of ten fit into the budget.
  void enqueue_many(int jobs) {
    for (int i = 0; i < jobs; ++i) enqueue(fmt::format("a{}", i));
  }

  /// The id of the job that starts now; empty: none does. Its payload is the right one.
  std::string start() {
    auto claims = support::lease(*store, {.queue = "default"});
    if (claims.empty()) return {};
    EXPECT_EQ(claims.front().payload, payload_of(claims.front().id));
    return claims.front().id;
  }
  std::vector<std::string> start_all() {
    std::vector<std::string> ids;
    while (true) {
      auto id = start();
      if (!id.empty())
        ids.push_back(std::move(id));
      else if (!journal->asked().empty())
        journal->deliver();
      else
        return ids;
    }
  }
  template <class Call>
  Caught<domain::Job> call(Call make) {
    Caught<domain::Job> caught;
    make(caught.callback());
    return caught;
  }
  Caught<domain::Job> find(const std::string& id) {
    return call([&](auto done) { store->find(id, std::move(done)); });
  }

  support::ManualClock clock;
  base::Random random{1};
  Watching observer;
  journal::HeldJournal* journal = nullptr;
  std::unique_ptr<EmbeddedStore> store;
};

}  // namespace

TEST_F(PayloadsOnDisk, AreThoseOfTheLastJobsAndTheOrderIsKept) {
  enqueue_many(10);
  EXPECT_THAT(start_all(), ElementsAre("a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9"));
}

TEST_F(PayloadsOnDisk, AreReadBeforeTheirTurnAndInOneBatch) {
  enqueue_many(10);
  for (const auto* id : {"a0", "a1", "a2"}) EXPECT_EQ(start(), id);
  EXPECT_THAT(journal->asked(), IsEmpty()) << "half of the window is still here";
  EXPECT_EQ(start(), "a3");
  EXPECT_THAT(journal->asked(), ElementsAre(6, 7, 8)) << "as many as fit";
  journal->deliver();
  for (const auto* id : {"a4", "a5", "a6"}) EXPECT_EQ(start(), id);
  EXPECT_THAT(journal->asked(), ElementsAre(9, 10));
  EXPECT_EQ(start(), "a7");
  EXPECT_EQ(start(), "");
  journal->deliver();
  EXPECT_EQ(start(), "a8");
  EXPECT_EQ(start(), "a9");
  EXPECT_THAT(journal->asked(), IsEmpty());
}

TEST_F(PayloadsOnDisk, MakeAClaimWaitUntilTheyAreRead) {
  enqueue_many(6);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(start().empty());
  Caught<std::vector<engine::Claim>> claimed;
  EXPECT_TRUE(store->claim({.queue = "default"}, claimed.callback()));
  journal->deliver();
  const auto claims = claimed.result().value();
  ASSERT_EQ(claims.size(), 1U);
  EXPECT_EQ(claims.front().id, "a5");
  EXPECT_EQ(claims.front().payload, payload_of("a5"));
}

TEST_F(PayloadsOnDisk, OfAHigherPriorityGoFirstAllTheSame) {
  enqueue_many(6);
  enqueue("urgent", 5);
  EXPECT_EQ(start(), "") << "its payload is on disk, and nothing overtakes it";
  EXPECT_THAT(start_all(), ElementsAre("urgent", "a0", "a1", "a2", "a3", "a4", "a5"));
}

TEST_F(PayloadsOnDisk, DoNotHoldUpAnotherQueueThatHasUsedLittle) {
  enqueue_many(10);
  store->configure({.name = "other", .capacity = 10});
  auto job = new_job("small");
  job.queue = "other";
  job.payload = std::string(60, '1');
  store->submit({job}, [](const auto&) {});
  journal->commit_all();
  const auto claim = support::claim(*store, "other");
  ASSERT_TRUE(claim.has_value());
  EXPECT_EQ(claim->payload, job.payload);
  EXPECT_THAT(journal->asked(), IsEmpty());
}

TEST_F(PayloadsOnDisk, AreDroppedWhenTheirJobIsRemovedMeanwhile) {
  enqueue_many(8);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(start().empty());
  ASSERT_FALSE(journal->asked().empty());
  store->remove("a5", [](const auto&) {});
  store->remove("a6", [](const auto&) {});
  enqueue("a5");  // Another job of the same id, perhaps in the same slot.
  EXPECT_THAT(start_all(), ElementsAre("a7", "a5"));
  EXPECT_THAT(observer.set_aside, IsEmpty());
}

TEST_F(PayloadsOnDisk, AreAskedForAgainAfterAFailure) {
  enqueue_many(6);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(start().empty());
  journal->fail_read();
  Caught<std::vector<engine::Claim>> claimed;
  EXPECT_TRUE(store->claim({.queue = "default"}, claimed.callback()));
  EXPECT_THAT(journal->asked(), IsEmpty()) << "not at once";
  clock.advance(Payloads::try_again);
  store->tick(clock.now());
  ASSERT_THAT(journal->asked(), ElementsAre(6));
  journal->deliver();
  EXPECT_EQ(claimed.result().value().front().id, "a5");
}

TEST_F(PayloadsOnDisk, OfDamagedRowsSetTheirJobsAside) {
  enqueue_many(8);
  journal->damage(6);
  Caught<domain::Job> watched;
  store->watch("a5", watched.callback());
  EXPECT_THAT(start_all(), ElementsAre("a0", "a1", "a2", "a3", "a4", "a6", "a7"));
  EXPECT_THAT(observer.set_aside, ElementsAre("number 6, id \"a5\""));
  EXPECT_EQ(find("a5").result().error().code, ErrorCode::job_not_found);
  EXPECT_EQ(watched.result().error().code, ErrorCode::job_not_found);
  EXPECT_EQ(store->counts().of(domain::Status::queued), 0U);
  journal->commit_all();
  EXPECT_TRUE(journal->image().contains(6)) << "the row stays";
}

TEST_F(PayloadsOnDisk, AreInTheAnswersAboutTheirJobs) {
  enqueue_many(8);
  const auto found = find("a7");
  EXPECT_FALSE(found.called());
  journal->deliver();
  EXPECT_EQ(found.result()->payload, payload_of("a7"));

  Caught<engine::JobPage> listed;
  store->list({}, listed.callback());
  EXPECT_THAT(journal->asked(), ElementsAre(8, 7, 6)) << "one request for a page";
  store->remove("a6", [](const auto&) {});
  journal->commit_all();
  journal->deliver();
  const auto page = listed.result().value();
  ASSERT_EQ(page.jobs.size(), 7U) << "without the one that was removed meanwhile";
  for (const auto& job : page.jobs) EXPECT_EQ(job.payload, payload_of(job.id));
  EXPECT_THAT(observer.set_aside, IsEmpty());
}

TEST_F(PayloadsOnDisk, ThatCannotBeReadAreAnsweredUnavailable) {
  enqueue_many(8);
  const auto found = find("a7");
  journal->fail_read();
  EXPECT_EQ(found.result().error().code, ErrorCode::store_unavailable);
  Caught<engine::JobPage> listed;
  store->list({}, listed.callback());
  journal->fail_read();
  EXPECT_EQ(listed.result().error().code, ErrorCode::store_unavailable);
  const auto cancelled = call([&](auto done) { store->cancel("a7", std::move(done)); });
  journal->fail_read();
  EXPECT_EQ(cancelled.result().error().code, ErrorCode::store_unavailable);
  EXPECT_EQ(store->counts().of(domain::Status::queued), 8U);
}

TEST_F(PayloadsOnDisk, AreFoundDamagedByAnAnswerToo) {
  enqueue_many(8);
  journal->damage(8);
  const auto found = find("a7");
  journal->deliver();
  EXPECT_EQ(found.result().error().code, ErrorCode::job_not_found);
  EXPECT_THAT(observer.set_aside, ElementsAre("number 8, id \"a7\""));
}

TEST_F(PayloadsOnDisk, AreReadBeforeTheirJobIsCancelled) {
  enqueue_many(8);
  Caught<domain::Job> watched;
  store->watch("a7", watched.callback());
  const auto cancelled = call([&](auto done) { store->cancel("a7", std::move(done)); });
  journal->deliver();
  journal->commit_all();
  EXPECT_EQ(cancelled.result()->progress.reason, domain::Reason::cancelled);
  EXPECT_EQ(cancelled.result()->payload, payload_of("a7"));
  EXPECT_EQ(watched.result()->payload, payload_of("a7"));
  const auto retried = call([&](auto done) { store->retry("a7", std::move(done)); });
  journal->commit_all();
  EXPECT_EQ(retried.result()->payload, payload_of("a7"));
  EXPECT_EQ(start_all().back(), "a7");
}

TEST_F(PayloadsOnDisk, CountAgainWhenTheirJobsComeBack) {
  enqueue_many(5);
  const auto first = support::claim(*store, "default");
  enqueue("a5");
  ASSERT_TRUE(support::settle(*store, *first, engine::Interrupted{}));
  journal->commit_all();
  EXPECT_FALSE(find("a0").called()) << "it is the last one now, and the budget is used up";
  journal->deliver();
  EXPECT_THAT(start_all(), ElementsAre("a1", "a2", "a3", "a4", "a5", "a0"));
}

TEST_F(PayloadsOnDisk, AreThereOfAJobThatWasLeasedBeforeItWasDurable) {
  store->configure({.name = "default", .remote = true});
  store->configure({.name = "other"});
  for (int i = 0; i < 5; ++i) {
    auto job = large_job(fmt::format("b{}", i));
    job.queue = "other";
    store->submit({job}, [](const auto&) {});
  }
  journal->commit_all();
  Caught<std::vector<engine::Claim>> leased;
  EXPECT_TRUE(
      store->claim({.queue = "default", .lease = engine::LeaseTerms{.duration = base::milliseconds{1}}},
                   leased.callback()));
  store->submit({large_job("a")}, [](const auto&) {});
  clock.advance(base::milliseconds{2});
  store->tick(clock.now());  // Its worker has not heard of it yet, so that its lease begins later.
  journal->commit_all();
  EXPECT_EQ(leased.result().value().front().lease->job.payload, payload_of("a"));
  clock.advance(base::milliseconds{2});
  store->tick(clock.now());  // It comes back, and the budget is used up.
  journal->commit_all();
  Caught<std::vector<engine::Claim>> again;
  store->claim({.queue = "default", .lease = engine::LeaseTerms{}}, again.callback());
  EXPECT_THAT(journal->asked(), ElementsAre(6));
  journal->deliver();
  journal->commit_all();
  EXPECT_EQ(again.result().value().front().lease->job.payload, payload_of("a"));
  EXPECT_THAT(observer.set_aside, IsEmpty());
}

TEST_F(PayloadsOnDisk, AreNoneOfSmallJobs) {
  for (int i = 0; i < 50; ++i) store->submit({new_job(fmt::format("s{}", i))}, [](const auto&) {});
  enqueue_many(5);
  EXPECT_TRUE(find("s49").called());
  EXPECT_TRUE(find("a4").called());
}

TEST_F(PayloadsOnDisk, StayThereWhenJobsAreRestored) {
  enqueue_many(8);
  std::vector<journal::StoredJob> rows;
  for (const auto& [number, row] : journal->image()) rows.push_back(row);
  auto held = std::make_unique<journal::HeldJournal>();
  EmbeddedStore restored(EmbeddedOptions{.memory_budget = budget},
                         Surroundings{.clock = clock, .random = random, .observer = observer},
                         std::move(held));
  Recovery recovery;
  EXPECT_EQ(restored.restore(std::move(rows), 8, recovery), "");
  restored.finish_restore(std::uint64_t{1} << 32);
  EXPECT_EQ(recovery.queued, 8U);
  Caught<domain::Job> first;
  Caught<domain::Job> last;
  restored.find("a4", first.callback());
  restored.find("a5", last.callback());
  EXPECT_TRUE(first.called());
  EXPECT_FALSE(last.called());
}

TEST(MemoryBudget, IsABoundWhereNothingIsOnDisk) {
  support::ManualClock clock;
  base::Random random{1};
  engine::Observer observer;
  const auto store =
      open_memory_store({.memory_budget = budget}, {.clock = clock, .random = random, .observer = observer});
  const auto submit = [&](std::vector<domain::NewJob> jobs) {
    return support::result_of<std::vector<engine::Submitted>>(
        [&](auto done) { store->submit(std::move(jobs), std::move(done)); });
  };
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(submit({large_job(fmt::format("a{}", i))}).has_value());
  const auto refused = submit({large_job("b")});
  EXPECT_EQ(refused.error().code, ErrorCode::queue_full);
  EXPECT_EQ(
      refused.error().detail,
      "the payloads of waiting jobs take 1000 bytes of a MEMORY_BUDGET of 1000B, which has no room for 200 "
      "more");
  ASSERT_TRUE(support::claim(*store, "default").has_value());
  EXPECT_TRUE(submit({large_job("b")}).has_value()) << "a running job does not wait";
  auto huge = new_job("huge");
  huge.payload = std::string(budget + 1, '1');
  const auto never = submit({huge});
  EXPECT_EQ(never.error().code, ErrorCode::invalid_field);
  EXPECT_EQ(never.error().detail, "1001 bytes of payloads can never fit a MEMORY_BUDGET of 1000B");
}

}  // namespace jobqd::stores::embedded
