// Leases of remote workers: granting them, and the end of that in a stop.

#include "stores/conformance/leases.hpp"

#include <array>
#include <atomic>
#include <thread>

namespace jobqd::stores {

TEST_P(StoreConformance, ALeaseStartsAJobAndCarriesEverythingAWorkerNeeds) {
  submit({.id = "a", .payload = "[1, 2]", .max_retries = 5, .timeout = milliseconds{250}}).value();
  const auto leases = lease_now(*store, request(10, milliseconds{30'000}));
  ASSERT_EQ(ids(leases), "a");
  const auto& claim = leases.front();
  ASSERT_TRUE(claim.lease);
  const auto& [leased, expires_at] = *claim.lease;
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

TEST_P(StoreConformance, ALeaseIsBoundedByBytesButHasAJob) {
  for (const auto* id : {"a", "b", "c", "d"}) {
    auto job = new_job(id);
    job.payload = R"("12345678")";
    submit(std::move(job)).value();
  }
  auto bounded = request(10);
  bounded.max_bytes.now = 3 * list({.limit = 1}).bytes - 1;
  EXPECT_EQ(ids(lease_now(*store, bounded)), "a b");
  bounded.max_bytes.now = 1;
  EXPECT_EQ(ids(lease_now(*store, bounded)), "c") << "one is always in it";
}

TEST_P(StoreConformance, ALeaseThatWaitedHasABoundOfItsOwn) {
  submit(new_job("0")).value();
  const auto one = list({.limit = 1}).bytes;
  EXPECT_EQ(ids(lease_now(*store, request(1))), "0");
  auto bounded = request(10);
  bounded.max_bytes = {.now = 100 * one, .after_wait = 3 * one};
  Caught<Claims> caught;
  EXPECT_TRUE(store->claim(bounded, caught.callback()));
  std::vector<domain::NewJob> jobs{new_job("a"), new_job("b"), new_job("c")};
  for (auto& job : jobs) job.payload = "1";
  jobs.push_back(new_job("d"));
  jobs.back().payload = "1";
  submit(std::move(jobs)).value();
  EXPECT_EQ(ids(caught.result().value()), "a b c");
  EXPECT_EQ(ids(lease_now(*store, request(10))), "d");
}

TEST_P(StoreConformance, ALeaseOfAQueueThatIsNotThereIsRefused) {
  Caught<Claims> caught;
  EXPECT_FALSE(store->claim({.queue = "nobody"}, caught.callback()));
  EXPECT_EQ(code(caught.result()), ErrorCode::queue_not_found);
}

TEST_P(StoreConformance, ClaimsAndClaimsShareOneQueue) {
  submit({new_job("a"), new_job("b")}).value();
  EXPECT_EQ(claim().id, "a");
  EXPECT_EQ(ids(lease_now(*store, request(2))), "b");
}

TEST_P(StoreConformance, AWaitingLeaseGetsJobsAsSoonAsTheyAreReady) {
  Caught<Claims> caught;
  EXPECT_TRUE(store->claim(request(10), caught.callback()));
  EXPECT_FALSE(caught.called());
  submit({new_job("a"), new_job("b")}).value();
  EXPECT_EQ(ids(caught.result().value()), "a b");
  EXPECT_FALSE(store->withdraw(1));
}

TEST_P(StoreConformance, WaitingClaimsAreServedInTheOrderTheyCame) {
  std::array<Caught<Claims>, 3> caught;
  std::array<engine::WaitId, 3> waits{};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto waiting = request();
    waits.at(i) = waiting.wait_id;
    EXPECT_TRUE(store->claim(waiting, caught.at(i).callback()));
  }
  EXPECT_TRUE(store->withdraw(waits[1]));
  EXPECT_FALSE(store->withdraw(waits[1]));
  submit({new_job("a")}).value();
  EXPECT_EQ(ids(caught[0].result().value()), "a");
  EXPECT_FALSE(store->withdraw(waits[0]));
  EXPECT_FALSE(caught[2].called());
  submit({new_job("b")}).value();
  EXPECT_EQ(ids(caught[2].result().value()), "b");
  EXPECT_FALSE(caught[1].called());
}

TEST_P(StoreConformance, AnEndedWaitTakesNoJob) {
  Caught<Claims> caught;
  const auto waiting = request();
  EXPECT_TRUE(store->claim(waiting, caught.callback()));
  EXPECT_TRUE(store->withdraw(waiting.wait_id));
  submit(new_job("a")).value();
  EXPECT_EQ(job("a").progress.status, Status::queued);
}

TEST_P(StoreConformance, AWaitingLeaseGetsJobsThatComeBack) {
  const auto cut_short = start("cut short");
  auto delayed = new_job("delayed");
  delayed.delay = milliseconds{100};
  submit(delayed).value();
  Caught<Claims> first;
  Caught<Claims> second;
  store->claim(request(), first.callback());
  store->claim(request(), second.callback());
  support::settle(*store, cut_short, engine::Interrupted{});
  EXPECT_EQ(ids(first.result().value()), "cut short");
  EXPECT_FALSE(second.called());
  advance(milliseconds{100});
  EXPECT_EQ(ids(second.result().value()), "delayed");
}

TEST_P(StoreConformance, ALeaseOfAPausedQueueWaitsUntilItIsResumed) {
  ASSERT_TRUE(pause(*store, true));
  submit(new_job("a")).value();
  Caught<Claims> caught;
  EXPECT_TRUE(store->claim(request(), caught.callback()));
  submit(new_job("b")).value();
  EXPECT_FALSE(caught.called());
  ASSERT_TRUE(pause(*store, false));
  EXPECT_EQ(ids(caught.result().value()), "a");
}

TEST_P(StoreConformance, ClaimsKeepToTheRateOfTheirQueue) {
  auto limited_rate = options();
  limited_rate.queues.at(0).rate = {.per_second = 10, .burst = 2};
  open(std::move(limited_rate));
  submit({new_job("a"), new_job("b"), new_job("c"), new_job("d")}).value();
  EXPECT_EQ(ids(lease_now(*store, request(10))), "a b");
  Caught<Claims> caught;
  EXPECT_TRUE(store->claim(request(10), caught.callback()));
  advance(milliseconds{99});
  EXPECT_FALSE(caught.called());
  const auto next = advance(milliseconds{1});
  EXPECT_EQ(ids(caught.result().value()), "c");
  EXPECT_EQ(next, clock.now().steady + milliseconds{100}) << "the rate has to be looked at again";
}

TEST_P(StoreConformance, WaitingClaimsEndWithNothingOnceClaimsStop) {
  Caught<Claims> before;
  store->claim(request(), before.callback());
  store->stop_claims();
  EXPECT_EQ(ids(before.result().value()), "");
  submit(new_job("a")).value();
  Caught<Claims> after;
  EXPECT_FALSE(store->claim(request(), after.callback()));
  EXPECT_EQ(ids(after.result().value()), "");
  EXPECT_EQ(job("a").progress.status, Status::queued);
}

TEST_P(StoreConformance, ClaimsGoOnAfterClaimsStop) {
  submit({new_job("a"), new_job("b")}).value();
  const auto leases = lease_now(*store, request(2));
  store->stop_claims();
  EXPECT_TRUE(extend(*store, "a", leases.at(0).token, milliseconds{1'000}));
  EXPECT_TRUE(complete(*store, "b", leases.at(1).token));
  EXPECT_EQ(job("b").progress.status, Status::done);
}

TEST_P(StoreConformance, LeasesGoOnWhenAttemptsStop) {
  submit({new_job("a"), new_job("own")}).value();
  const auto token = lease_now(*store).at(0).token;
  const auto own = claim();
  store->stop_claims();
  EXPECT_EQ(store->attempts().own, 1U);
  EXPECT_EQ(store->attempts().leased, 1U);
  store->stop_attempts();
  EXPECT_EQ(own.stop->cause(), engine::StopCause::shutdown);
  support::settle(*store, own, engine::Interrupted{});
  EXPECT_EQ(store->attempts().own, 0U);
  EXPECT_EQ(store->attempts().leased, 1U);
  EXPECT_TRUE(extend(*store, "a", token, milliseconds{1'000}));
  EXPECT_TRUE(complete(*store, "a", token));
  EXPECT_EQ(store->attempts().leased, 0U);
}

TEST_P(StoreConformance, LeasedJobsAreQueuedAgainWhenLeasesEnd) {
  submit({new_job("a"), new_job("b")}).value();
  const auto leases = lease_now(*store, request(2));
  ASSERT_TRUE(cancel("b"));
  store->stop_claims();
  store->end_leases();
  EXPECT_EQ(job("a").progress, ready_again);
  EXPECT_EQ(job("b").progress, cancelled_once);
  EXPECT_EQ(count(Status::running), 0U);
  EXPECT_EQ(diary.leases().size(), std::string(" started:a started:b interrupted:a failed:b").size());
  EXPECT_EQ(code(complete(*store, "a", leases.at(0).token)), ErrorCode::lease_lost);
}

TEST_P(StoreConformance, OneClaimantMayWaitWithSeveralRequests) {
  std::array<Caught<Claims>, 2> caught;
  const auto wanted = request();
  for (auto& one : caught) EXPECT_TRUE(store->claim(wanted, one.callback()));
  EXPECT_TRUE(store->withdraw(wanted.wait_id));
  submit({new_job("a"), new_job("b")}).value();
  EXPECT_EQ(job("a").progress.status, Status::running);  // It is durable, and so the lease has been answered.
  EXPECT_NE(caught[0].called(), caught[1].called()) << "one was withdrawn, and the other got a job";
  EXPECT_FALSE(store->withdraw(wanted.wait_id));
  EXPECT_EQ(job("b").progress.status, Status::queued);
}

TEST_P(StoreConformance, OnlyARemoteQueueIsLeased) {
  Caught<Claims> caught;
  auto wanted = request();
  wanted.queue = "mail";
  EXPECT_FALSE(store->claim(wanted, caught.callback()));
  EXPECT_EQ(code(caught.result()), ErrorCode::invalid_field);
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
        const auto leases = result_of<Claims>([&](auto done) { store->claim(request(3), std::move(done)); });
        if (leases.value().empty()) return;
        for (const auto& lease : *leases)
          if (complete(*store, lease.id, lease.token)) ++accepted;
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
