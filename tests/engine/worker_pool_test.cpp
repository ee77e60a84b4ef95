#include <jobqd/engine/worker_pool.hpp>

#include <atomic>
#include <latch>
#include <mutex>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <pthread.h>

#include "stores/embedded/channel.hpp"
#include "support/jobs.hpp"
#include "support/patience.hpp"
#include "support/stub_store.hpp"

namespace jobqd::engine {

using stores::embedded::Channel;

namespace {

/// Hands out numbered jobs through a channel and remembers which were settled.
class ChannelStore : public support::StubStore {
 public:
  explicit ChannelStore(int jobs) : jobs_(1'000) {
    for (int i = 1; i <= jobs; ++i) add(i);
  }

  void add(int job) {
    jobs_.try_reserve(1);
    jobs_.push(0, job);
  }

  std::optional<Claim> claim(std::string_view queue, std::stop_token stop) override {
    EXPECT_EQ(queue, "mail");
    const auto job = jobs_.pop(stop);
    return job ? std::optional(support::new_claim(std::to_string(*job))) : std::nullopt;
  }

  bool settle(const Claim& claim, Resolution /*resolution*/) override {
    const std::scoped_lock lock(mutex_);
    return settled_.insert(claim.id).second;
  }

  void stop_claims() override { jobs_.close(); }

  [[nodiscard]] std::size_t settled() {
    const std::scoped_lock lock(mutex_);
    return settled_.size();
  }

 private:
  Channel<int> jobs_;
  std::mutex mutex_;
  std::set<std::string> settled_;
};

class ProcessorOf : public Processor {
 public:
  explicit ProcessorOf(std::function<void()> work) : work_(std::move(work)) {}
  Outcome process(const Claim& /*claim*/, std::stop_token /*stop*/) override {
    work_();
    return Done{};
  }

 private:
  std::function<void()> work_;
};

/// Everything a pool needs.
struct Plant {
  explicit Plant(int jobs, std::function<void()> work = [] {}) : store(jobs), processor(std::move(work)) {}

  [[nodiscard]] WorkerPool pool(std::size_t workers) { return WorkerPool(store, retrying, "mail", workers); }

  ChannelStore store;
  ProcessorOf processor;
  base::Random random{1};
  Observer observer;
  RetryProcessor retrying{store, processor, domain::RetryPolicy{}, random, observer};
};

}  // namespace

TEST(WorkerPool, RunsEveryJobOnceUntilClaimsAreClosed) {
  Plant plant(500);
  auto pool = plant.pool(3);
  pool.start();
  plant.store.stop_claims();
  pool.join();
  EXPECT_EQ(plant.store.settled(), 500U);
}

TEST(WorkerPool, RunsAsManyJobsAtATimeAsItHasWorkers) {
  std::latch all_at_work(3);
  Plant plant(3, [&] { all_at_work.arrive_and_wait(); });
  auto pool = plant.pool(3);
  pool.start();
  all_at_work.wait();
  plant.store.stop_claims();
  pool.join();
  EXPECT_EQ(plant.store.settled(), 3U);
}

TEST(WorkerPool, HasNoMoreWorkersAfterASecondStart) {
  std::atomic<int> at_work = 0;
  std::atomic<int> most = 0;
  Plant plant(200, [&] {
    const int now = ++at_work;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
    std::this_thread::yield();
    --at_work;
  });
  auto pool = plant.pool(1);
  pool.start();
  pool.start();
  plant.store.stop_claims();
  pool.join();
  EXPECT_EQ(most, 1);
  EXPECT_EQ(plant.store.settled(), 200U);
}

TEST(WorkerPool, FinishesTheRunningJobAndTakesNoOtherWhenAskedToStop) {
  std::latch started(1);
  std::latch may_finish(1);
  Plant plant(2, [&] {
    started.count_down();
    may_finish.wait();
  });
  auto pool = plant.pool(1);
  pool.start();
  started.wait();
  pool.request_stop();
  may_finish.count_down();
  pool.join();
  EXPECT_EQ(plant.store.settled(), 1U);
}

TEST(WorkerPool, GrowsWhileItWorks) {
  std::latch all_at_work(3);
  Plant plant(3, [&] { all_at_work.arrive_and_wait(); });
  auto pool = plant.pool(1);
  pool.start();
  pool.resize(3);
  all_at_work.wait();
  plant.store.stop_claims();
  pool.join();
  EXPECT_EQ(plant.store.settled(), 3U);
}

TEST(WorkerPool, WhoLeavesFinishesTheJobAndTakesNoOther) {
  std::latch at_work(3);
  std::latch may_finish(1);
  Plant plant(3, [&] {
    at_work.count_down();
    may_finish.wait();
  });
  auto pool = plant.pool(3);
  pool.start();
  at_work.wait();
  pool.resize(0);
  plant.store.add(4);
  may_finish.count_down();
  pool.join();
  EXPECT_EQ(plant.store.settled(), 3U);
}

TEST(WorkerPool, IsNotGrownBeforeItStartsNorAfterItStops) {
  Plant plant(1);
  auto pool = plant.pool(0);
  pool.resize(1);
  pool.request_stop();
  pool.resize(1);
  pool.join();
  EXPECT_EQ(plant.store.settled(), 0U);
}

TEST(WorkerPool, EndsWaitingWorkersWhenAskedToStop) {
  Plant plant(0);
  auto pool = plant.pool(4);
  pool.start();
  pool.request_stop();
  pool.join();
  EXPECT_EQ(plant.store.settled(), 0U);
}

TEST(WorkerPool, StopsAndJoinsWhenItIsDestroyed) {
  Plant plant(0);
  {
    auto pool = plant.pool(2);
    pool.start();
  }
  plant.store.add(1);  // No worker is left to take it.
  EXPECT_EQ(plant.store.settled(), 0U);
}

TEST(WorkerPool, NeedsNoStartToBeStoppedAndJoined) {
  Plant plant(1);
  auto pool = plant.pool(2);
  pool.join();
  pool.request_stop();
  pool.join();
  EXPECT_EQ(plant.store.settled(), 0U);
}

TEST(WorkerPool, StartsNothingAfterItWasAskedToStop) {
  Plant plant(1);
  auto pool = plant.pool(2);
  pool.request_stop();
  pool.start();
  pool.join();
  EXPECT_EQ(plant.store.settled(), 0U);
}

TEST(WorkerPool, ToleratesEveryCallTwice) {
  Plant plant(0);
  auto pool = plant.pool(2);
  for (int i = 0; i < 2; ++i) pool.start();
  for (int i = 0; i < 2; ++i) pool.request_stop();
  for (int i = 0; i < 2; ++i) pool.join();
  plant.store.add(1);
  pool.start();
  pool.join();
  EXPECT_EQ(plant.store.settled(), 0U);
}

TEST(WorkerPool, NamesItsThreadsWithinFifteenBytes) {
  std::string name(16, '\0');
  Plant plant(1, [&] { pthread_getname_np(pthread_self(), name.data(), name.size()); });
  WorkerPool pool = plant.pool(1);
  pool.start();
  plant.store.stop_claims();
  pool.join();
  EXPECT_STREQ(name.c_str(), "work-0-mail");
}

}  // namespace jobqd::engine
