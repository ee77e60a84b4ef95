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

  /// Once for each tick; false when it does not come.
  [[nodiscard]] bool wait_for_tick() { return ticked_.try_acquire_for(support::patience); }
  /// Whether there was a tick that nobody waited for.
  [[nodiscard]] bool ticked_more() { return ticked_.try_acquire(); }

  base::Now last_now{};

 private:
  std::function<Answer(int)> answer_;
  int ticks_ = 0;
  std::counting_semaphore<> ticked_{0};
};

constexpr base::SteadyTime long_ago{std::chrono::nanoseconds{1}};
const base::SteadyTime far_away = base::SteadyTime::max();

}  // namespace

TEST(Scheduler, TicksWhenItStarts) {
  const support::ManualClock clock;
  TickingStore store;
  Scheduler scheduler(store, clock);
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
  Scheduler scheduler(store, clock);
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
  Scheduler scheduler(store, clock);
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
  Scheduler scheduler(store, clock);
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
  Scheduler scheduler(store, clock);
  scheduler.wake();
  scheduler.start();
  EXPECT_TRUE(store.wait_for_tick());
  EXPECT_TRUE(store.wait_for_tick());
}

TEST(Scheduler, TicksAgainWhenTheTimeHasCome) {
  const support::ManualClock clock;
  TickingStore store([](int tick) { return tick < 3 ? long_ago : far_away; });
  Scheduler scheduler(store, clock);
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
    Scheduler scheduler(store, clock);
    scheduler.start();
    ASSERT_TRUE(store.wait_for_tick());
  }
  EXPECT_FALSE(store.ticked_more());
}

TEST(Scheduler, NeedsNoStartToBeStoppedAndJoined) {
  const support::ManualClock clock;
  TickingStore store;
  Scheduler scheduler(store, clock);
  scheduler.join();
  scheduler.request_stop();
  scheduler.wake();
  scheduler.join();
  EXPECT_FALSE(store.ticked_more());
}

TEST(Scheduler, StartsNothingAfterItWasAskedToStop) {
  const support::ManualClock clock;
  TickingStore store;
  Scheduler scheduler(store, clock);
  scheduler.request_stop();
  scheduler.start();
  scheduler.join();
  EXPECT_FALSE(store.ticked_more());
}

TEST(Scheduler, ToleratesEveryCallTwiceAndStartsOnlyOnce) {
  const support::ManualClock clock;
  TickingStore store;
  Scheduler scheduler(store, clock);
  for (int i = 0; i < 2; ++i) scheduler.start();
  ASSERT_TRUE(store.wait_for_tick());
  for (int i = 0; i < 2; ++i) scheduler.request_stop();
  for (int i = 0; i < 2; ++i) scheduler.join();
  scheduler.start();
  scheduler.join();
  EXPECT_FALSE(store.ticked_more());
}

}  // namespace jobqd::engine
