#include <jobqd/engine/worker_pool.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <latch>
#include <set>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>

#include "support/jobs.hpp"
#include "support/stub_store.hpp"

namespace jobqd::engine {

namespace {

/// Hands out numbered jobs in their order, and remembers which were settled and which were given back.
class NumberedStore : public support::StubStore {
 public:
  explicit NumberedStore(int jobs) {
    for (int i = 1; i <= jobs; ++i) ready_.push_back(i);
  }

  void add(int job) {
    {
      const base::MutexLock lock(mutex_);
      ready_.push_back(job);
    }
    serve();
  }

  bool claim(ClaimRequest request, Callback<std::vector<Claim>> done) override {
    EXPECT_EQ(request.queue, "mail");
    EXPECT_EQ(request.max_jobs, 1U);
    {
      const base::MutexLock lock(mutex_);
      waiting_.push_back(std::move(done));
    }
    serve();
    return true;
  }

  bool withdraw(WaitId /*wait_id*/) override {
    const base::MutexLock lock(mutex_);
    if (waiting_.empty() || never_withdraws) return false;
    waiting_.pop_back();
    return true;
  }

  void settle(std::string_view id, FencingToken /*token*/, Outcome outcome, Settler /*settler*/,
              Callback<Resolution> done) override {
    {
      const base::MutexLock lock(mutex_);
      (std::holds_alternative<Unstarted>(outcome) ? given_back_ : settled_).insert(std::string(id));
    }
    done(Done{});
  }

  void stop_claims() override {
    {
      const base::MutexLock lock(mutex_);
      closed_ = true;
    }
    serve();
  }

  [[nodiscard]] std::size_t settled() const {
    const base::MutexLock lock(mutex_);
    return settled_.size();
  }
  [[nodiscard]] std::size_t given_back() const {
    const base::MutexLock lock(mutex_);
    return given_back_.size();
  }
  [[nodiscard]] std::size_t waiting() const {
    const base::MutexLock lock(mutex_);
    return waiting_.size();
  }

  std::atomic<bool> never_withdraws = false;  ///< As if each request were just completing.

 private:
  void serve() {
    while (true) {
      Callback<std::vector<Claim>> done;
      std::vector<Claim> claims;
      {
        const base::MutexLock lock(mutex_);
        if (waiting_.empty() || (ready_.empty() && !closed_)) return;
        done = std::move(waiting_.front());
        waiting_.pop_front();
        if (!ready_.empty()) {
          claims.push_back(support::new_claim(std::to_string(ready_.front())));
          ready_.pop_front();
        }
      }
      done(std::move(claims));
    }
  }

  mutable base::Mutex mutex_;
  std::deque<int> ready_ JOBQD_GUARDED_BY(mutex_);
  std::deque<Callback<std::vector<Claim>>> waiting_ JOBQD_GUARDED_BY(mutex_);
  bool closed_ JOBQD_GUARDED_BY(mutex_) = false;
  std::set<std::string> settled_ JOBQD_GUARDED_BY(mutex_);
  std::set<std::string> given_back_ JOBQD_GUARDED_BY(mutex_);
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

  NumberedStore store;
  ProcessorOf processor;
  Observer observer;
  RetryProcessor retrying{store, processor, observer};
};

/// Prints the state of a pool that cannot grow. Ends the process, because the limit applies to all of it.
[[noreturn]] void grow_without_room() {
  Plant plant(0);
  auto pool = plant.pool(2);
  if (!pool.start()) std::_Exit(1);
  while (plant.store.waiting() < 2) std::this_thread::yield();
  const rlimit space{.rlim_cur = rlim_t{1} << 30, .rlim_max = rlim_t{1} << 30};
  ::setrlimit(RLIMIT_AS, &space);
  const auto grown = pool.resize(1'000);
  while (plant.store.waiting() > 2) std::this_thread::yield();
  plant.store.add(1);
  plant.store.stop_claims();
  pool.join();
  fmt::print(stderr, "{}; {} done", grown ? "grown" : grown.error(), plant.store.settled());
  std::_Exit(0);
}

}  // namespace

TEST(WorkerPool, RunsEveryJobOnceUntilClaimsAreClosed) {
  Plant plant(500);
  auto pool = plant.pool(3);
  (void)pool.start();
  plant.store.stop_claims();
  pool.join();
  EXPECT_EQ(plant.store.settled(), 500U);
}

TEST(WorkerPool, RunsAsManyJobsAtATimeAsItHasWorkers) {
  std::latch all_at_work(3);
  Plant plant(3, [&] { all_at_work.arrive_and_wait(); });
  auto pool = plant.pool(3);
  (void)pool.start();
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
  (void)pool.start();
  (void)pool.start();
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
  (void)pool.start();
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
  (void)pool.start();
  (void)pool.resize(3);
  all_at_work.wait();
  plant.store.stop_claims();
  pool.join();
  EXPECT_EQ(plant.store.settled(), 3U);
}

TEST(WorkerPool, AWorkerThatLeavesFinishesItsJobAndTakesNoOther) {
  std::latch at_work(3);
  std::latch may_finish(1);
  Plant plant(3, [&] {
    at_work.count_down();
    may_finish.wait();
  });
  auto pool = plant.pool(3);
  (void)pool.start();
  at_work.wait();
  (void)pool.resize(0);
  plant.store.add(4);
  may_finish.count_down();
  pool.join();
  EXPECT_EQ(plant.store.settled(), 3U);
}

TEST(WorkerPool, KeepsNoStackOfWorkersThatHaveLeft) {
  Plant plant(0);
  auto pool = plant.pool(1);
  ASSERT_TRUE(pool.start());
  const auto stacks = [] {
    std::ifstream maps("/proc/self/maps");
    return std::count(std::istreambuf_iterator(maps), std::istreambuf_iterator<char>(), '\n');
  };
  const auto threads = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"),
                         std::filesystem::directory_iterator());
  };
  const auto before = threads();
  const auto round = [&] {
    ASSERT_TRUE(pool.resize(50));
    ASSERT_TRUE(pool.resize(1));
    while (threads() > before) std::this_thread::yield();
  };
  round();  // The C library keeps some stacks for later threads.
  const auto maps = stacks();
  for (int i = 0; i < 10; ++i) round();
  EXPECT_LT(stacks(), maps + 100);
}

TEST(WorkerPool, DoesNotChangeIfTheSystemGivesNoMoreThreads) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers need more address space than the limit of this test";
#endif
  EXPECT_EXIT(
      grow_without_room(), testing::ExitedWithCode(0),
      "cannot start worker [0-9]+ of 1000 of queue \"mail\": Resource temporarily unavailable; 1 done");
}

TEST(WorkerPool, IsNotGrownBeforeItStartsNorAfterItStops) {
  Plant plant(1);
  auto pool = plant.pool(0);
  (void)pool.resize(1);
  pool.request_stop();
  (void)pool.resize(1);
  pool.join();
  EXPECT_EQ(plant.store.settled(), 0U);
}

TEST(WorkerPool, EndsWaitingWorkersWhenAskedToStop) {
  Plant plant(0);
  auto pool = plant.pool(4);
  (void)pool.start();
  pool.request_stop();
  pool.join();
  EXPECT_EQ(plant.store.settled(), 0U);
}

TEST(WorkerPool, StopsAndJoinsWhenItIsDestroyed) {
  Plant plant(0);
  {
    auto pool = plant.pool(2);
    (void)pool.start();
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
  (void)pool.start();
  pool.join();
  EXPECT_EQ(plant.store.settled(), 0U);
}

TEST(WorkerPool, ToleratesEveryCallTwice) {
  Plant plant(0);
  auto pool = plant.pool(2);
  for (int i = 0; i < 2; ++i) (void)pool.start();
  for (int i = 0; i < 2; ++i) pool.request_stop();
  for (int i = 0; i < 2; ++i) pool.join();
  plant.store.add(1);
  (void)pool.start();
  pool.join();
  EXPECT_EQ(plant.store.settled(), 0U);
}

TEST(WorkerPool, NamesItsThreadsWithinFifteenBytes) {
  std::string name(16, '\0');
  Plant plant(1, [&] { pthread_getname_np(pthread_self(), name.data(), name.size()); });
  WorkerPool pool = plant.pool(1);
  (void)pool.start();
  plant.store.stop_claims();
  pool.join();
  EXPECT_STREQ(name.c_str(), "work-0-mail");
}

TEST(WorkerPool, AWorkerThatLeavesWithdrawsItsRequest) {
  Plant plant(0);
  auto pool = plant.pool(3);
  (void)pool.start();
  while (plant.store.waiting() < 3) std::this_thread::yield();
  (void)pool.resize(1);
  while (plant.store.waiting() > 1) std::this_thread::yield();
  plant.store.add(1);
  plant.store.stop_claims();
  pool.join();
  EXPECT_EQ(plant.store.settled(), 1U);
  EXPECT_EQ(plant.store.given_back(), 0U);
}

TEST(WorkerPool, AClaimThatComesForAWorkerThatLeavesIsGivenBack) {
  Plant plant(0);
  auto pool = plant.pool(1);
  (void)pool.start();
  while (plant.store.waiting() < 1) std::this_thread::yield();
  plant.store.never_withdraws = true;
  pool.request_stop();
  plant.store.add(1);
  pool.join();
  EXPECT_EQ(plant.store.settled() + plant.store.given_back(), 1U);
}

TEST(WorkerPool, AsksForNoMoreJobsThanItHasWaitingWorkers) {
  std::latch at_work(2);
  std::latch may_finish(1);
  Plant plant(10, [&] {
    at_work.count_down();
    may_finish.wait();
  });
  auto pool = plant.pool(2);
  (void)pool.start();
  at_work.wait();
  EXPECT_EQ(plant.store.waiting(), 0U);
  pool.request_stop();
  EXPECT_FALSE(pool.has_ended()) << "its workers finish their jobs";
  may_finish.count_down();
  pool.join();
  EXPECT_TRUE(pool.has_ended());
  EXPECT_EQ(plant.store.settled(), 2U);
}

}  // namespace jobqd::engine
