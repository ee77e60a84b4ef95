// Jobs that workers elsewhere have: how they are handed out, and how that stops.

#include "stores/conformance/leases.hpp"

#include <array>
#include <atomic>
#include <thread>

namespace jobqd::stores {

TEST_P(StoreConformance, ALeaseStartsAJobAndCarriesEverythingAWorkerNeeds) {
  submit({.id = "a", .payload = "[1, 2]", .max_retries = 5, .timeout = milliseconds{250}}).value();
  const auto leases = lease_now(*store, request(10, milliseconds{30'000}));
  ASSERT_EQ(ids(leases), "a");
  const auto& [claim, leased, expires_at] = leases.front();
  EXPECT_EQ(leased.payload, "[1, 2]");
  EXPECT_EQ(leased.progress.status, Status::running);
  EXPECT_EQ(leased.started_at, clock.now().wall);
  EXPECT_EQ(expires_at, clock.now().wall + milliseconds{30'000});
  EXPECT_EQ(claim.id, "a");
  EXPECT_EQ(claim.max_retries, 5);
  EXPECT_EQ(claim.timeout, milliseconds{250});
  EXPECT_EQ(claim.worker, "w");
  EXPECT_GT(claim.token, 0U);
  EXPECT_EQ(job("a").progress, leased.progress);
}

TEST_P(StoreConformance, ALeaseTakesTheMostUrgentAndNotMoreThanItAsksFor) {
  auto urgent = new_job("urgent");
  urgent.priority = 1;
  submit({new_job("a"), new_job("b"), urgent}).value();
  EXPECT_EQ(ids(lease_now(*store, request(2))), "urgent a");
  EXPECT_EQ(ids(lease_now(*store, request(2))), "b");
}

TEST_P(StoreConformance, ALeaseOfAQueueThatIsNotThereIsRefused) {
  Caught<Leases> caught;
  EXPECT_EQ(store->lease({.queue = "nobody"}, caught.callback()), 0U);
  EXPECT_EQ(code(caught.result()), ErrorCode::queue_not_found);
}

TEST_P(StoreConformance, LeasesAndClaimsShareOneQueue) {
  submit({new_job("a"), new_job("b")}).value();
  EXPECT_EQ(claim().id, "a");
  EXPECT_EQ(ids(lease_now(*store, request(2))), "b");
}

TEST_P(StoreConformance, AWaitingLeaseGetsJobsAsSoonAsTheyAreReady) {
  Caught<Leases> caught;
  EXPECT_NE(store->lease(request(10), caught.callback()), 0U);
  EXPECT_FALSE(caught.called());
  submit({new_job("a"), new_job("b")}).value();
  EXPECT_EQ(ids(caught.result().value()), "a b");
  EXPECT_FALSE(store->unlease(1));
}

TEST_P(StoreConformance, WaitingLeasesAreServedInTheOrderTheyCame) {
  std::array<Caught<Leases>, 3> caught;
  std::array<engine::WaitId, 3> waits{};
  for (std::size_t i = 0; i < 3; ++i) waits.at(i) = store->lease(request(), caught.at(i).callback());
  EXPECT_TRUE(store->unlease(waits[1]));
  EXPECT_FALSE(store->unlease(waits[1]));
  submit({new_job("a")}).value();
  EXPECT_EQ(ids(caught[0].result().value()), "a");
  EXPECT_FALSE(store->unlease(waits[0]));
  EXPECT_FALSE(caught[2].called());
  submit({new_job("b")}).value();
  EXPECT_EQ(ids(caught[2].result().value()), "b");
  EXPECT_FALSE(caught[1].called());
}

TEST_P(StoreConformance, AnEndedWaitTakesNoJob) {
  Caught<Leases> caught;
  EXPECT_TRUE(store->unlease(store->lease(request(), caught.callback())));
  submit(new_job("a")).value();
  EXPECT_EQ(job("a").progress.status, Status::queued);
}

TEST_P(StoreConformance, AWaitingLeaseGetsJobsThatComeBack) {
  const auto cut_short = start("cut short");
  auto delayed = new_job("delayed");
  delayed.delay = milliseconds{100};
  submit(delayed).value();
  Caught<Leases> first;
  Caught<Leases> second;
  store->lease(request(), first.callback());
  store->lease(request(), second.callback());
  store->settle(cut_short, engine::Interrupted{});
  EXPECT_EQ(ids(first.result().value()), "cut short");
  EXPECT_FALSE(second.called());
  advance(milliseconds{100});
  EXPECT_EQ(ids(second.result().value()), "delayed");
}

TEST_P(StoreConformance, ALeaseOfAPausedQueueWaitsUntilItIsResumed) {
  ASSERT_TRUE(pause(*store, true));
  submit(new_job("a")).value();
  Caught<Leases> caught;
  EXPECT_NE(store->lease(request(), caught.callback()), 0U);
  submit(new_job("b")).value();
  EXPECT_FALSE(caught.called());
  ASSERT_TRUE(pause(*store, false));
  EXPECT_EQ(ids(caught.result().value()), "a");
}

TEST_P(StoreConformance, LeasesKeepToTheRateOfTheirQueue) {
  auto limited_rate = options();
  limited_rate.queues.at(0).rate = {.per_second = 10, .burst = 2};
  open(std::move(limited_rate));
  submit({new_job("a"), new_job("b"), new_job("c"), new_job("d")}).value();
  EXPECT_EQ(ids(lease_now(*store, request(10))), "a b");
  Caught<Leases> caught;
  const auto changes = due_changes.load();
  EXPECT_NE(store->lease(request(10), caught.callback()), 0U);
  advance(milliseconds{99});
  EXPECT_FALSE(caught.called());
  advance(milliseconds{1});
  EXPECT_EQ(ids(caught.result().value()), "c");
  EXPECT_GT(due_changes, changes) << "the rate has to be looked at again";
}

TEST_P(StoreConformance, WaitingLeasesEndWithNothingOnceClaimsStop) {
  Caught<Leases> before;
  store->lease(request(), before.callback());
  store->stop_claims();
  EXPECT_EQ(ids(before.result().value()), "");
  submit(new_job("a")).value();
  Caught<Leases> after;
  EXPECT_EQ(store->lease(request(), after.callback()), 0U);
  EXPECT_EQ(ids(after.result().value()), "");
  EXPECT_EQ(job("a").progress.status, Status::queued);
}

TEST_P(StoreConformance, LeasesGoOnAfterClaimsStop) {
  submit({new_job("a"), new_job("b")}).value();
  const auto leases = lease_now(*store, request(2));
  store->stop_claims();
  EXPECT_TRUE(extend(*store, "a", leases.at(0).claim.token, milliseconds{1'000}));
  EXPECT_TRUE(store->settle(find_lease(*store, "b", leases.at(1).claim.token).value(), engine::Done{}));
  EXPECT_EQ(job("b").progress.status, Status::done);
}

TEST_P(StoreConformance, LeasedJobsAreQueuedAgainWhenAttemptsStop) {
  Listener listener(*store);
  submit({new_job("a"), new_job("b")}).value();
  const auto leases = lease_now(*store, request(2));
  ASSERT_TRUE(cancel("b"));
  store->stop_claims();
  store->stop_attempts();
  EXPECT_EQ(job("a").progress, ready_again);
  EXPECT_EQ(job("b").progress, cancelled_once);
  EXPECT_EQ(count(Status::running), 0U);
  EXPECT_EQ(listener.heard.size(), std::string(" ended:a ended:b").size());
  EXPECT_EQ(code(find_lease(*store, "a", leases.at(0).claim.token)), ErrorCode::lease_lost);
}

TEST_P(StoreConformance, EverythingIsDurableAfterASync) {
  finish("a");
  EXPECT_TRUE(result_of<void>([&](auto done) { store->sync(std::move(done)); }));
  EXPECT_EQ(job("a").progress.status, Status::done);
}

TEST_P(StoreConformance, ManyWaitingWorkersLoseNoJobAndRunNoneTwice) {
  constexpr std::size_t jobs = 600;
  auto large = options();
  large.queues.at(0).capacity = jobs;
  open(std::move(large));
  std::vector<std::jthread> workers;
  std::atomic<std::size_t> accepted = 0;
  for (int worker = 0; worker < 4; ++worker)
    workers.emplace_back([&] {
      while (true) {
        const auto leases = result_of<Leases>([&](auto done) { store->lease(request(3), std::move(done)); });
        if (leases.value().empty()) return;
        for (const auto& lease : *leases)
          if (store->settle(find_lease(*store, lease.job.id, lease.claim.token).value(), engine::Done{}))
            ++accepted;
      }
    });
  for (std::size_t i = 0; i < jobs; ++i) submit(new_job(std::to_string(i))).value();
  std::array<Caught<domain::Job>, jobs> watched;
  for (std::size_t i = 0; i < jobs; ++i) store->watch(std::to_string(i), watched.at(i).callback());
  for (const auto& one : watched) EXPECT_EQ(one.result()->progress.attempts, 1U);
  store->stop_claims();
  workers.clear();
  EXPECT_EQ(accepted, jobs);
}

}  // namespace jobqd::stores
