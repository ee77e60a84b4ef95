#include <jobqd/engine/scheduler.hpp>

#include <functional>
#include <latch>
#include <semaphore>

#include <gtest/gtest.h>

#include "support/manual_clock.hpp"
#include "support/patience.hpp"
#include "support/stub_store.hpp"

namespace jobqd::engine {

namespace {

/// Counts the ticks, and lets a test wait for the next one.
class TickingStore : public support::StubStore {
 public:
  using Answer = std::optional<base::SteadyTime>;

  explicit TickingStore(std::function<Answer(int)> answer = [](int) { return Answer{}; })
      : answer_(std::move(answer)) {}

  Answer tick(base::Now now) override {
    last_now = now;
    const auto answer = answer_(++ticks_);
    ticked_.release();
    return answer;
  }

  /// Waits for one tick; false if it does not come.
  [[nodiscard]] bool wait_for_tick() { return ticked_.try_acquire_for(support::patience); }
  /// Whether there was a tick that no test waited for.
  [[nodiscard]] bool ticked_more() { return ticked_.try_acquire(); }

  base::Now last_now{};

 private:
  std::function<Answer(int)> answer_;
  int ticks_ = 0;
  std::counting_semaphore<> ticked_{0};
};

constexpr base::SteadyTime long_ago{std::chrono::nanoseconds{1}};
const base::SteadyTime far_away = base::SteadyTime::max();

/// Counts its runs, and lets a test wait for the next one.
class CountingDuty final : public Duty {
 public:
  using Answer = std::optional<base::SteadyTime>;

  explicit CountingDuty(std::function<Answer(int)> answer) : answer_(std::move(answer)) {}

  Answer run(base::Now) override {
    const auto answer = answer_(++runs_);
    ran_.release();
    return answer;
  }

  [[nodiscard]] bool wait_for_run() { return ran_.try_acquire_for(support::patience); }
  /// Whether there was a run that no test waited for.
  [[nodiscard]] bool ran_more() { return ran_.try_acquire(); }

 private:
  std::function<Answer(int)> answer_;
  int runs_ = 0;
  std::counting_semaphore<> ran_{0};
};

base::SteadyTime in(base::milliseconds time) {
  return base::SystemClock().now().steady + time;
}

}  // namespace

TEST(Scheduler, TicksWhenItStarts) {
  const support::ManualClock clock;
  TickingStore store;
  StoreDuty duty(store);
  Scheduler scheduler(clock);
  scheduler.add(duty);
  scheduler.start();
  ASSERT_TRUE(store.wait_for_tick());
  scheduler.request_stop();
  scheduler.join();
  EXPECT_EQ(store.last_now.wall, clock.now().wall);
  EXPECT_EQ(store.last_now.steady, clock.now().steady);
}

TEST(Scheduler, TicksAtOnceWhenItIsWoken) {
  const support::ManualClock clock;
  TickingStore store;
  StoreDuty duty(store);
  Scheduler scheduler(clock);
  scheduler.add(duty);
  scheduler.start();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(store.wait_for_tick());
    scheduler.wake();
  }
  ASSERT_TRUE(store.wait_for_tick());
}

TEST(Scheduler, IsWokenOutOfALongWaitToo) {
  const support::ManualClock clock;
  TickingStore store([](int) { return far_away; });
  StoreDuty duty(store);
  Scheduler scheduler(clock);
  scheduler.add(duty);
  scheduler.start();
  ASSERT_TRUE(store.wait_for_tick());
  scheduler.wake();
  ASSERT_TRUE(store.wait_for_tick());
}

TEST(Scheduler, HearsAWakeThatComesDuringATick) {
  const support::ManualClock clock;
  std::latch in_tick(1);
  std::latch woken(1);
  TickingStore store([&](int tick) -> TickingStore::Answer {
    if (tick == 1) {
      in_tick.count_down();
      woken.wait();
    }
    return {};
  });
  StoreDuty duty(store);
  Scheduler scheduler(clock);
  scheduler.add(duty);
  scheduler.start();
  in_tick.wait();
  scheduler.wake();
  woken.count_down();
  EXPECT_TRUE(store.wait_for_tick());
  EXPECT_TRUE(store.wait_for_tick());
}

TEST(Scheduler, HearsAWakeThatComesBeforeTheStart) {
  const support::ManualClock clock;
  TickingStore store;
  StoreDuty duty(store);
  Scheduler scheduler(clock);
  scheduler.add(duty);
  scheduler.wake();
  scheduler.start();
  EXPECT_TRUE(store.wait_for_tick());
  EXPECT_TRUE(store.wait_for_tick());
}

TEST(Scheduler, TicksAgainWhenTheTimeHasCome) {
  const support::ManualClock clock;
  TickingStore store([](int tick) { return tick < 3 ? long_ago : far_away; });
  StoreDuty duty(store);
  Scheduler scheduler(clock);
  scheduler.add(duty);
  scheduler.start();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(store.wait_for_tick());
  scheduler.request_stop();
  scheduler.join();
  EXPECT_FALSE(store.ticked_more());
}

TEST(Scheduler, StopsAndJoinsWhenItIsDestroyed) {
  const support::ManualClock clock;
  TickingStore store([](int) { return far_away; });
  {
    StoreDuty duty(store);
    Scheduler scheduler(clock);
    scheduler.add(duty);
    scheduler.start();
    ASSERT_TRUE(store.wait_for_tick());
  }
  EXPECT_FALSE(store.ticked_more());
}

TEST(Scheduler, NeedsNoStartToBeStoppedAndJoined) {
  const support::ManualClock clock;
  TickingStore store;
  StoreDuty duty(store);
  Scheduler scheduler(clock);
  scheduler.add(duty);
  scheduler.join();
  scheduler.request_stop();
  scheduler.wake();
  scheduler.join();
  EXPECT_FALSE(store.ticked_more());
}

TEST(Scheduler, StartsNothingAfterItWasAskedToStop) {
  const support::ManualClock clock;
  TickingStore store;
  StoreDuty duty(store);
  Scheduler scheduler(clock);
  scheduler.add(duty);
  scheduler.request_stop();
  scheduler.start();
  scheduler.join();
  EXPECT_FALSE(store.ticked_more());
}

TEST(Scheduler, ToleratesEveryCallTwiceAndStartsOnlyOnce) {
  const support::ManualClock clock;
  TickingStore store;
  StoreDuty duty(store);
  Scheduler scheduler(clock);
  scheduler.add(duty);
  for (int i = 0; i < 2; ++i) scheduler.start();
  ASSERT_TRUE(store.wait_for_tick());
  for (int i = 0; i < 2; ++i) scheduler.request_stop();
  for (int i = 0; i < 2; ++i) scheduler.join();
  scheduler.start();
  scheduler.join();
  EXPECT_FALSE(store.ticked_more());
}

TEST(Scheduler, RunsAllDutiesWhenItStartsAndWhenItIsWokenInTheirOrder) {
  const support::ManualClock clock;
  std::vector<int> order;
  CountingDuty first([&](int) {
    order.push_back(1);
    return far_away;
  });
  CountingDuty second([&](int) {
    order.push_back(2);
    return CountingDuty::Answer{};
  });
  Scheduler scheduler(clock);
  scheduler.add(first);
  scheduler.add(second);
  scheduler.start();
  ASSERT_TRUE(second.wait_for_run());
  scheduler.wake();
  ASSERT_TRUE(second.wait_for_run());
  scheduler.request_stop();
  scheduler.join();
  EXPECT_EQ(order, (std::vector{1, 2, 1, 2}));
}

TEST(Scheduler, RunsADutyAgainNoLaterThanItAskedAndLeavesTheOthers) {
  const support::ManualClock clock;
  CountingDuty waits([](int) { return far_away; });
  CountingDuty idle([](int) { return CountingDuty::Answer{}; });
  CountingDuty busy([](int run) { return run < 5 ? in(base::milliseconds{1}) : far_away; });
  Scheduler scheduler(clock);
  for (CountingDuty* duty : {&waits, &busy, &idle}) scheduler.add(*duty);
  scheduler.start();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(busy.wait_for_run());
  scheduler.request_stop();
  scheduler.join();
  EXPECT_FALSE(busy.ran_more());
  for (CountingDuty* duty : {&waits, &idle}) {
    EXPECT_TRUE(duty->wait_for_run());
    EXPECT_FALSE(duty->ran_more()) << "it was not due";
  }
}

TEST(Scheduler, RunsEachDutyByItsOwnTimes) {
  const support::ManualClock clock;
  CountingDuty first([](int run) { return run < 4 ? in(base::milliseconds{2}) : far_away; });
  CountingDuty second([](int run) { return run < 4 ? in(base::milliseconds{3}) : far_away; });
  Scheduler scheduler(clock);
  scheduler.add(first);
  scheduler.add(second);
  scheduler.start();
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(first.wait_for_run());
    ASSERT_TRUE(second.wait_for_run());
  }
  scheduler.request_stop();
  scheduler.join();
  EXPECT_FALSE(first.ran_more());
  EXPECT_FALSE(second.ran_more());
}

TEST(Scheduler, GivesEachDutyTheTimeAtWhichItBegins) {
  support::ManualClock clock;
  struct Noting final : Duty {
    explicit Noting(support::ManualClock& time) : clock(time) {}
    std::optional<base::SteadyTime> run(base::Now now) override {
      begun = now.wall;
      clock.advance(base::milliseconds{5});
      done.release();
      return {};
    }
    support::ManualClock& clock;
    base::WallTime begun{};
    std::binary_semaphore done{0};
  };
  Noting first(clock);
  Noting second(clock);
  const auto start = clock.now().wall;
  Scheduler scheduler(clock);
  scheduler.add(first);
  scheduler.add(second);
  scheduler.start();
  ASSERT_TRUE(second.done.try_acquire_for(support::patience));
  EXPECT_EQ(first.begun, start);
  EXPECT_EQ(second.begun, start + base::milliseconds{5});
}

TEST(Scheduler, NeedsNoDuties) {
  const support::ManualClock clock;
  Scheduler scheduler(clock);
  scheduler.start();
  scheduler.wake();
  scheduler.request_stop();
  scheduler.join();
}

}  // namespace jobqd::engine
