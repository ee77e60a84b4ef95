// Stopping a store, and using it from many threads.

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "stores/conformance/conformance.hpp"
#include "support/caught.hpp"

namespace jobqd::stores {

namespace {

using base::milliseconds;
using domain::ErrorCode;
using domain::Status;
using engine::StopCause;
using support::Caught;
using support::new_job;

}  // namespace

TEST_P(StoreConformance, NoJobIsTakenInOnceAdmissionStops) {
  submit(new_job("a")).value();
  store->stop_admission();
  EXPECT_EQ(code(submit(new_job("b"))), ErrorCode::draining);
  EXPECT_EQ(ids(list({})), "a");
}

TEST_P(StoreConformance, EverythingElseGoesOnOnceAdmissionStops) {
  submit({retryable("a"), new_job("b")}).value();
  store->stop_admission();
  const auto first = claim();
  EXPECT_TRUE(support::settle(*store, first, engine::Retry{.error = "e", .after = milliseconds{10}}));
  advance(milliseconds{10});
  EXPECT_EQ(claim().id, "b");
  EXPECT_TRUE(support::settle(*store, claim(), engine::Fail{.error = "e"}));
  EXPECT_TRUE(retry("a"));
  EXPECT_TRUE(cancel("a"));
  EXPECT_TRUE(remove("a"));
}

TEST_P(StoreConformance, NoJobStartsOnceClaimsStop) {
  submit(new_job("a")).value();
  store->stop_claims();
  EXPECT_FALSE(support::claim(*store).has_value());
  EXPECT_FALSE(support::claim(*store, "mail").has_value());
  EXPECT_EQ(job("a").progress.status, Status::queued);
}

TEST_P(StoreConformance, WaitingClaimsEndOnceClaimsStop) {
  std::array<std::optional<engine::Claim>, 3> claimed{engine::Claim{}, engine::Claim{}, engine::Claim{}};
  {
    std::vector<std::jthread> workers;
    for (auto& slot : claimed) workers.emplace_back([&] { slot = support::claim(*store, "default"); });
    store->stop_claims();
  }
  for (const auto& slot : claimed) EXPECT_FALSE(slot.has_value());
}

TEST_P(StoreConformance, RunningJobsAreSettledAfterClaimsStop) {
  const auto done = start("a");
  const auto interrupted = start("b");
  const auto again = start(retryable("c"));
  store->stop_claims();
  EXPECT_TRUE(support::settle(*store, done, engine::Done{}));
  EXPECT_TRUE(support::settle(*store, interrupted, engine::Interrupted{}));
  EXPECT_TRUE(support::settle(*store, again, engine::Retry{.error = "e", .after = milliseconds{5}}));
  advance(milliseconds{5});
  EXPECT_EQ(count(Status::done), 1U);
  EXPECT_EQ(count(Status::queued), 2U);
}

TEST_P(StoreConformance, EveryRunningAttemptIsAskedToStopAsAnInterruption) {
  const auto first = start("a");
  const auto second = start(new_mail("b"));
  const auto finished = start("c");
  support::settle(*store, finished, engine::Done{});
  store->stop_attempts();
  EXPECT_EQ(first.stop->cause(), StopCause::shutdown);
  EXPECT_EQ(second.stop->cause(), StopCause::shutdown);
  EXPECT_EQ(finished.stop->cause(), StopCause::none);
}

TEST_P(StoreConformance, AnAttemptMayCallTheStoreWhileItIsAskedToStop) {
  const auto claimed = start("a");
  const std::stop_callback settle(claimed.stop->token(),
                                  [&] { support::settle(*store, claimed, engine::Interrupted{}); });
  store->stop_attempts();
  EXPECT_EQ(job("a").progress.interruptions, 1U);
}

TEST_P(StoreConformance, StoppingTwiceIsStoppingOnce) {
  for (int i = 0; i < 2; ++i) {
    store->stop_admission();
    store->stop_claims();
    store->stop_attempts();
    store->end_leases();
  }
  EXPECT_FALSE(support::claim(*store).has_value());
}

TEST_P(StoreConformance, ManyThreadsLoseNoJobAndRunNoneTwice) {
  constexpr int each = 400;
  std::array<std::array<Caught<domain::Job>, each>, 2> watched;
  std::atomic<std::uint64_t> successes = 0;
  std::vector<std::jthread> threads;
  for (std::size_t producer = 0; producer < watched.size(); ++producer)
    threads.emplace_back([&, producer] {
      for (std::size_t i = 0; i < each; ++i) {
        const auto id = std::to_string(producer) + "-" + std::to_string(i);
        while (!submit(new_job(id))) std::this_thread::yield();
        store->watch(id, watched.at(producer).at(i).callback());
        if (i % 7 == 0) (void)cancel(id);
      }
    });
  for (int worker = 0; worker < 3; ++worker)
    threads.emplace_back([&] {
      while (const auto claimed = support::claim(*store, "default")) {
        const bool cut_short = claimed->attempt == 1 && claimed->token % 5 == 0;
        const auto end = cut_short ? engine::Outcome(engine::Interrupted{}) : engine::Outcome(engine::Done{});
        if (support::settle(*store, *claimed, end) && !cut_short) ++successes;
      }
    });
  for (const auto& of_producer : watched)
    for (const auto& caught : of_producer) {
      const auto finished = caught.result();
      ASSERT_TRUE(finished.has_value());
      EXPECT_LE(finished->progress.attempts, 2U);
    }
  store->stop_claims();
  threads.clear();
  EXPECT_EQ(count(Status::done), successes);
  EXPECT_EQ(count(Status::done) + count(Status::failed), 2U * each);
}

}  // namespace jobqd::stores
