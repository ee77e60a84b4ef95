#include "stores/journal/gathering.hpp"

#include <array>
#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "stores/journal/rows.hpp"
#include "support/patience.hpp"

namespace jobqd::stores::journal {

namespace {

using base::milliseconds;
using namespace std::chrono_literals;

/// A test that waits as long as this fails.
constexpr milliseconds never = support::patience;

Journal::Durable nobody() {
  return [](auto) {};
}

constexpr base::SteadyTime now{1h};

/// As the journal's thread does.
Batch take(Gathering& gathering, milliseconds soon) {
  gathering.wait(soon);
  return gathering.take();
}

Batch take_in_trouble(Gathering& gathering, milliseconds delay, Gathering::Until until) {
  gathering.wait_in_trouble(delay, until);
  return gathering.take();
}

Journal::BatchNumber insert(Gathering& gathering, std::uint64_t number) {
  std::array rows{job_row(number)};
  return gathering.insert(rows, nobody());
}

}  // namespace

TEST(Gathering, ABatchIsAllThatHasGathered) {
  Gathering gathering;
  EXPECT_TRUE(gathering.empty());
  std::array rows{job_row(1), job_row(2)};
  EXPECT_EQ(gathering.insert(rows, nobody()), 1U);
  EXPECT_EQ(gathering.update(progress_row(3, 1)), 1U);
  gathering.erase(4);
  gathering.set_paused("default", true);
  gathering.when_durable(nobody());
  EXPECT_FALSE(gathering.empty());

  const auto batch = take(gathering, never);
  EXPECT_EQ(batch.number, 1U);
  EXPECT_EQ(batch.changes.inserts.size(), 2U);
  EXPECT_EQ(batch.changes.inserts.at(1).content.id(), "job-2");
  EXPECT_EQ(batch.changes.updates.at(3).progress.attempts, 1U);
  EXPECT_EQ(batch.changes.erasures, (std::vector<std::uint64_t>{4}));
  EXPECT_TRUE(batch.changes.pauses.at("default"));
  EXPECT_EQ(batch.waiting.size(), 2U);
  EXPECT_FALSE(batch.last);
  EXPECT_TRUE(gathering.empty());
}

TEST(Gathering, LaterChangesAreInTheNextBatch) {
  Gathering gathering;
  EXPECT_EQ(insert(gathering, 1), 1U);
  EXPECT_EQ(take(gathering, never).number, 1U);
  EXPECT_EQ(insert(gathering, 2), 2U);
  EXPECT_EQ(gathering.update(progress_row(1, 1)), 2U);
  EXPECT_EQ(take(gathering, never).number, 2U);
}

TEST(Gathering, SeveralUpdatesOfOneJobAreOne) {
  Gathering gathering;
  for (const std::uint32_t attempts : {1U, 2U, 3U}) gathering.update(progress_row(1, attempts));
  gathering.set_paused("default", true);
  gathering.set_paused("default", false);
  const auto batch = take(gathering, 0ms);
  EXPECT_EQ(batch.changes.size(), 2U);
  EXPECT_EQ(batch.changes.updates.at(1).progress.attempts, 3U);
  EXPECT_FALSE(batch.changes.pauses.at("default"));
}

TEST(Gathering, AChangeWithoutAWaitingRequestIsTakenSoon) {
  Gathering gathering;
  gathering.erase(1);
  EXPECT_EQ(take(gathering, 1ms).changes.erasures.size(), 1U);
}

TEST(Gathering, AWaitingRequestEndsTheGathering) {
  Gathering gathering;
  gathering.update(progress_row(1, 1));
  const std::jthread asking([&] {
    gathering.when_durable(nobody());
    gathering.flush();
  });
  const auto batch = take(gathering, never);
  EXPECT_EQ(batch.changes.updates.size(), 1U);
  EXPECT_EQ(batch.waiting.size(), 1U);
}

TEST(Gathering, AStopEndsEveryWait) {
  Gathering gathering;
  const std::jthread stopping([&] { gathering.stop(); });
  EXPECT_TRUE(take(gathering, never).last);
  EXPECT_TRUE(take_in_trouble(gathering, never, Gathering::Until::removal).last);
}

TEST(Gathering, LeavesToTheCommitterWhatItHasChanged) {
  Gathering gathering;
  gathering.set_committer(std::this_thread::get_id());
  EXPECT_FALSE(gathering.choose(now));
  insert(gathering, 1);
  gathering.update(progress_row(2, 1));
  gathering.flush();
  EXPECT_EQ(gathering.choose(now), CommitPolicy::Choice::here);
  EXPECT_EQ(gathering.take().changes.size(), 2U);
  EXPECT_FALSE(gathering.choose(now));
}

TEST(Gathering, ChoosesByWhatCommitsTook) {
  Gathering gathering;
  gathering.set_committer(std::this_thread::get_id());
  gathering.committed(2, 100us, now);
  insert(gathering, 1);
  EXPECT_EQ(gathering.choose(now), CommitPolicy::Choice::wait);
  insert(gathering, 2);
  EXPECT_EQ(gathering.choose(now), CommitPolicy::Choice::here);
}

TEST(Gathering, WakesTheThreadForWhatIsHandedOver) {
  Gathering gathering;
  const std::jthread committing([&] {
    gathering.set_committer(std::this_thread::get_id());
    insert(gathering, 1);
    gathering.flush();
    EXPECT_TRUE(gathering.choose(now));
    gathering.hand_over();
    EXPECT_FALSE(gathering.choose(now));
  });
  EXPECT_EQ(take(gathering, never).waiting.size(), 1U);
}

TEST(Gathering, ChangesOfOtherThreadsAreNotLeftToTheCommitter) {
  Gathering gathering;
  gathering.set_committer(std::this_thread::get_id());
  const std::jthread other([&] {
    gathering.when_durable(nobody());
    gathering.flush();
  });
  EXPECT_EQ(take(gathering, never).waiting.size(), 1U);
}

TEST(Gathering, TheThreadCanBeWokenForNothing) {
  Gathering gathering;
  gathering.wake();
  EXPECT_TRUE(take(gathering, never).changes.empty());
  const std::jthread other([&] { gathering.wake(); });
  EXPECT_TRUE(take(gathering, never).changes.empty());
}

TEST(Gathering, InTroubleAWaitingRequestDoesNotEndTheWait) {
  Gathering gathering;
  insert(gathering, 1);
  gathering.flush();
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(take_in_trouble(gathering, 20ms, Gathering::Until::nothing).changes.inserts.size(), 1U);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 20ms);
}

TEST(Gathering, InTroubleARemovalThatSomebodyWaitsForEndsTheWaitIfItIsTaken) {
  Gathering gathering;
  gathering.erase(1);
  gathering.when_durable([](const auto&) {});
  gathering.flush();
  EXPECT_EQ(take_in_trouble(gathering, never, Gathering::Until::removal).changes.erasures.size(), 1U);
}

TEST(Gathering, RefusedChangesAreInTheNextBatch) {
  Gathering gathering;
  insert(gathering, 1);
  gathering.update(progress_row(2, 1));
  auto refused = take(gathering, never);
  gathering.update(progress_row(3, 1));
  gathering.put_back(std::move(refused.changes));
  const auto next = take(gathering, 0ms);
  EXPECT_EQ(next.number, 2U);
  EXPECT_TRUE(next.changes.inserts.empty());
  EXPECT_EQ(next.changes.updates.size(), 2U);
}

TEST(Gathering, NothingIsLostBetweenThreads) {
  constexpr std::uint64_t each = 2'000;
  constexpr std::uint64_t threads = 3;
  Gathering gathering;
  std::set<std::uint64_t> taken;
  {
    std::atomic<std::uint64_t> left{threads};
    std::vector<std::jthread> producers;
    for (std::uint64_t thread = 0; thread < threads; ++thread)
      producers.emplace_back([&, thread] {
        for (std::uint64_t i = 0; i < each; ++i) {
          insert(gathering, thread * each + i);
          gathering.flush();
        }
        if (--left == 0) gathering.stop();
      });
    Journal::BatchNumber last = 0;
    for (bool done = false; !done;) {
      const auto batch = take(gathering, never);
      EXPECT_EQ(batch.number, last + 1);
      last = batch.number;
      for (const auto& row : batch.changes.inserts) EXPECT_TRUE(taken.insert(row.number).second);
      done = batch.last;
    }
  }
  EXPECT_EQ(taken.size(), each * threads);
  EXPECT_TRUE(gathering.empty());
}

TEST(Gathering, IsBehindFromItsLimitUntilThatIsTaken) {
  Gathering gathering({.changes = 3});
  gathering.update(progress_row(1, 1));
  gathering.update(progress_row(1, 2));
  gathering.update(progress_row(2, 1));
  EXPECT_FALSE(gathering.is_behind()) << "two updates of one job are one row";
  gathering.erase(3);
  EXPECT_TRUE(gathering.is_behind());
  EXPECT_FALSE(gathering.catch_up()) << "nothing was taken";
  EXPECT_TRUE(gathering.is_behind());
  std::ignore = take(gathering, milliseconds{1});
  EXPECT_TRUE(gathering.is_behind()) << "until somebody says what becomes of it";
  EXPECT_TRUE(gathering.catch_up());
  EXPECT_FALSE(gathering.is_behind());
}

TEST(Gathering, IsBehindEarlierWhileSomebodyWaits) {
  Gathering gathering({.changes = 3, .changes_while_waited_for = 2});
  gathering.update(progress_row(1, 1));
  gathering.update(progress_row(2, 1));
  EXPECT_FALSE(gathering.is_behind());
  insert(gathering, 3);
  EXPECT_FALSE(gathering.is_behind()) << "inserts do not count";
  gathering.update(progress_row(2, 2));
  EXPECT_TRUE(gathering.is_behind());
}

TEST(Gathering, IsBehindWithFewLargeResults) {
  Gathering gathering({.bytes = 100});
  auto row = progress_row(1, 1);
  row.ending = Ending{.last_error = std::string(30, 'e'), .result = std::string(60, 'r')};
  gathering.update(row);
  gathering.update(row);
  EXPECT_FALSE(gathering.is_behind()) << "the second takes the place of the first";
  row.number = 2;
  gathering.update(std::move(row));
  EXPECT_TRUE(gathering.is_behind());
}

TEST(Gathering, IsBehindAgainWhenABatchIsPutBack) {
  Gathering gathering({.changes = 2});
  gathering.update(progress_row(1, 1));
  gathering.update(progress_row(2, 1));
  auto batch = take(gathering, milliseconds{1});
  EXPECT_TRUE(gathering.catch_up());
  gathering.put_back(std::move(batch.changes));
  EXPECT_TRUE(gathering.is_behind());
}

}  // namespace jobqd::stores::journal
