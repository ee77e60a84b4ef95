#include "stores/embedded/channel.hpp"

#include <optional>
#include <vector>

#include <gtest/gtest.h>

namespace jobqd::stores::embedded {

namespace {

using Numbers = Channel<int>;

Numbers::Ticket put(Numbers& channel, int priority, int value) {
  EXPECT_TRUE(channel.try_reserve(1));
  return channel.push(priority, value);
}

std::vector<int> drained(Numbers& channel) {
  std::vector<int> values;
  while (const auto value = channel.try_pop()) values.push_back(*value);
  return values;
}

}  // namespace

TEST(Channel, IsFirstInFirstOut) {
  Numbers channel(8);
  for (const int value : {1, 2, 3}) put(channel, 0, value);
  EXPECT_EQ(drained(channel), (std::vector{1, 2, 3}));
}

TEST(Channel, LetsHigherPrioritiesGoFirst) {
  Numbers channel(8);
  put(channel, 0, 1);
  put(channel, -100, 2);
  put(channel, 100, 3);
  put(channel, 0, 4);
  put(channel, 100, 5);
  EXPECT_EQ(drained(channel), (std::vector{3, 5, 1, 4, 2}));
}

TEST(Channel, RefusesPlacesBeyondItsCapacity) {
  Numbers channel(3);
  EXPECT_TRUE(channel.try_reserve(2));
  EXPECT_FALSE(channel.try_reserve(2));
  EXPECT_EQ(channel.places(), 2U);
  EXPECT_TRUE(channel.try_reserve(1));
  EXPECT_FALSE(channel.try_reserve(1));
}

TEST(Channel, CountsManyPlacesWithoutOverflow) {
  Numbers channel(3);
  EXPECT_TRUE(channel.try_reserve(1));
  EXPECT_FALSE(channel.try_reserve(static_cast<std::size_t>(-1)));
  EXPECT_EQ(channel.places(), 1U);
}

TEST(Channel, GivesAPlaceBackWithEveryValueTaken) {
  Numbers channel(1);
  put(channel, 0, 1);
  EXPECT_FALSE(channel.try_reserve(1));
  EXPECT_EQ(channel.try_pop(), 1);
  EXPECT_EQ(channel.places(), 0U);
  EXPECT_TRUE(channel.try_reserve(1));
}

TEST(Channel, GivesReservedPlacesBack) {
  Numbers channel(2);
  EXPECT_TRUE(channel.try_reserve(2));
  channel.release(1);
  EXPECT_EQ(channel.places(), 1U);
  EXPECT_TRUE(channel.try_reserve(1));
}

TEST(Channel, LetsOldWorkBackInEvenWhenFull) {
  Numbers channel(1);
  put(channel, 0, 1);
  channel.reserve_again();
  channel.push(0, 2);
  EXPECT_EQ(channel.places(), 2U);
  EXPECT_FALSE(channel.try_reserve(1));
  EXPECT_EQ(channel.try_pop(), 1);
  EXPECT_FALSE(channel.try_reserve(1));
  EXPECT_EQ(channel.try_pop(), 2);
  EXPECT_TRUE(channel.try_reserve(1));
}

TEST(Channel, ErasesFromTheMiddle) {
  Numbers channel(3);
  put(channel, 5, 1);
  const auto ticket = put(channel, 5, 2);
  put(channel, 5, 3);
  EXPECT_TRUE(channel.erase(5, ticket));
  EXPECT_EQ(channel.places(), 2U);
  EXPECT_EQ(channel.size(), 2U);
  EXPECT_EQ(drained(channel), (std::vector{1, 3}));
}

TEST(Channel, ErasesNothingThatIsNotIn) {
  Numbers channel(3);
  const auto ticket = put(channel, 5, 1);
  put(channel, 5, 2);
  EXPECT_FALSE(channel.erase(4, ticket));
  EXPECT_FALSE(channel.erase(5, ticket + 100));
  EXPECT_FALSE(channel.erase(5, 0));
  EXPECT_EQ(channel.try_pop(), 1);
  EXPECT_FALSE(channel.erase(5, ticket));
  EXPECT_EQ(channel.places(), 1U);
}

TEST(Channel, TakesNothingInOnceClosed) {
  Numbers channel(2);
  EXPECT_TRUE(channel.try_reserve(1));
  channel.close();
  EXPECT_EQ(channel.push(0, 1), 0U);
  EXPECT_EQ(channel.size(), 0U);
}

TEST(Channel, IsDrainedAfterItIsClosed) {
  Numbers channel(2);
  put(channel, 0, 1);
  channel.close();
  channel.close();
  EXPECT_EQ(channel.pop({}), 1);
  EXPECT_EQ(channel.pop({}), std::nullopt);
}

TEST(Channel, GivesNothingToWhoIsToldToStop) {
  Numbers channel(1);
  put(channel, 0, 1);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(channel.pop(stop.get_token()), std::nullopt);
  EXPECT_EQ(channel.size(), 1U);
}

TEST(ChannelDeathTest, StopsAtAValueWithoutAPlace) {
  Numbers channel(1);
  EXPECT_DEATH(channel.push(0, 1), "broken invariant");
}

TEST(ChannelDeathTest, StopsAtAPlaceGivenBackTwice) {
  Numbers channel(2);
  put(channel, 0, 1);
  EXPECT_DEATH(channel.release(1), "broken invariant");
}

TEST(Channel, GivesNothingOutWhileItIsHeld) {
  Numbers channel(8);
  put(channel, 0, 1);
  channel.hold(true);
  put(channel, 0, 2);
  EXPECT_EQ(channel.try_pop(), std::nullopt);
  EXPECT_EQ(channel.size(), 2U);
  channel.hold(false);
  EXPECT_EQ(drained(channel), (std::vector{1, 2}));
}

TEST(Channel, ThatIsHeldAndClosedLetsThoseGoWhoWait) {
  Numbers channel(8);
  put(channel, 0, 1);
  channel.hold(true);
  channel.close();
  EXPECT_EQ(channel.pop({}), std::nullopt);
}

TEST(Channel, TakesBackWhatItGaveOutToWhereItStood) {
  Numbers channel(3);
  const auto first = put(channel, 0, 1);
  const auto second = put(channel, 0, 2);
  put(channel, 0, 3);
  EXPECT_EQ(channel.try_pop(), 1);
  EXPECT_EQ(channel.try_pop(), 2);
  channel.put_back(0, second, 2);
  channel.put_back(0, first, 1);
  EXPECT_EQ(channel.places(), 3U);
  EXPECT_EQ(drained(channel), (std::vector{1, 2, 3}));
}

TEST(Channel, ShowsTheFirstOfEachPriority) {
  Numbers channel(8);
  put(channel, 0, 1);
  put(channel, 0, 2);
  put(channel, 5, 3);
  EXPECT_EQ(channel.fronts(), (std::vector{3, 1}));
}

}  // namespace jobqd::stores::embedded
