#include <jobqd/engine/channel.hpp>

#include <array>
#include <map>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/patience.hpp"

namespace jobqd::engine {

namespace {

using Numbers = Channel<int>;

/// Waits for a free place.
void put(Numbers& channel, int value) {
  while (!channel.try_push(int{value})) std::this_thread::yield();
}

}  // namespace

TEST(Channel, APushWakesAWaitingPop) {
  // Each of the two always waits for the other, so a single lost wake-up ends the game.
  constexpr int rounds = 1'000;
  const support::Patience patience;
  Numbers ping(1);
  Numbers pong(1);
  std::jthread other([&](const std::stop_token& stop) {
    while (const auto value = ping.pop(stop)) put(pong, *value + 1);
  });
  int value = 1;
  for (int i = 0; i < rounds; ++i) {
    put(ping, value);
    const auto answer = pong.pop(patience.token());
    ASSERT_TRUE(answer.has_value());
    value = *answer;
  }
  EXPECT_EQ(value, rounds + 1);
}

TEST(Channel, AStopWakesAWaitingPop) {
  Numbers channel(1);
  std::optional<int> popped = 0;
  {
    const std::jthread waiting([&](const std::stop_token& stop) { popped = channel.pop(stop); });
  }  // ~jthread requests the stop and joins
  EXPECT_EQ(popped, std::nullopt);
}

TEST(Channel, TakesNothingBeyondItsCapacity) {
  Numbers channel(2);
  EXPECT_TRUE(channel.try_push(1));
  EXPECT_TRUE(channel.try_push(2));
  EXPECT_FALSE(channel.try_push(3));
  EXPECT_EQ(channel.pop({}), 1);
  EXPECT_TRUE(channel.try_push(4));
  channel.set_capacity(3);
  EXPECT_TRUE(channel.try_push(5));
  EXPECT_EQ(channel.size(), 3U);
}

TEST(Channel, AStopRequestWinsOverAValue) {
  Numbers channel(1);
  EXPECT_TRUE(channel.try_push(1));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(channel.pop(stop.get_token()), std::nullopt);
  EXPECT_EQ(channel.size(), 1U);
}

TEST(Channel, AStoppedPopPassesTheWakeUpOn) {
  const support::Patience patience;
  for (int round = 0; round < 300; ++round) {
    Numbers channel(1);
    std::array<std::optional<int>, 2> popped;
    std::jthread stopped([&](const std::stop_token& stop) { popped[0] = channel.pop(stop); });
    std::jthread staying([&] { popped[1] = channel.pop(patience.token()); });
    put(channel, 1);
    stopped.request_stop();
    stopped.join();
    if (popped[0]) put(channel, 2);
    staying.join();
    ASSERT_EQ(popped[1], popped[0] ? 2 : 1) << "round " << round;
  }
}

TEST(Channel, ManyProducersAndConsumersLoseNothing) {
  constexpr int each = 4'000;
  Numbers channel(16);
  std::array<std::vector<int>, 3> taken;
  {
    std::vector<std::jthread> consumers;
    for (auto& mine : taken)
      consumers.emplace_back([&](const std::stop_token& stop) {
        while (const auto value = channel.pop(stop)) mine.push_back(*value);
      });
    {
      std::vector<std::jthread> producers;
      for (int first = 1; first <= 3; ++first)
        producers.emplace_back([&, first] {
          for (int i = 0; i < each; ++i) put(channel, first + 3 * i);
        });
    }
    while (channel.size() > 0) std::this_thread::yield();
  }
  std::map<int, int> times;
  for (const auto& mine : taken)
    for (const int value : mine) ++times[value];
  EXPECT_EQ(times.size(), 3U * each);
  for (const auto& [value, count] : times) EXPECT_EQ(count, 1) << value;
}

TEST(Channel, KeepsTheOrderOfEachProducer) {
  constexpr int each = 4'000;
  Numbers channel(16);
  const support::Patience patience;
  std::jthread evens([&] {
    for (int i = 1; i <= each; ++i) put(channel, 2 * i);
  });
  std::jthread odds([&] {
    for (int i = 1; i <= each; ++i) put(channel, 2 * i + 1);
  });
  std::array<int, 2> last{0, 0};
  for (int i = 0; i < 2 * each; ++i) {
    const auto value = channel.pop(patience.token());
    ASSERT_TRUE(value.has_value());
    int& before = last.at(static_cast<std::size_t>(*value % 2));
    ASSERT_LT(before, *value);
    before = *value;
  }
}

}  // namespace jobqd::engine
