#include "stores/embedded/ready_queue.hpp"

#include <optional>
#include <vector>

#include <gtest/gtest.h>

namespace jobqd::stores::embedded {

namespace {

Ticket put(ReadyQueue& queue, int priority, JobHandle value) {
  EXPECT_TRUE(queue.try_reserve(1));
  return queue.push(priority, value);
}

std::vector<JobHandle> drained(ReadyQueue& queue) {
  std::vector<JobHandle> values;
  while (const auto value = queue.pop()) values.push_back(*value);
  return values;
}

}  // namespace

TEST(ReadyQueue, IsFirstInFirstOut) {
  ReadyQueue queue(8);
  for (const JobHandle value : {1U, 2U, 3U}) put(queue, 0, value);
  EXPECT_EQ(drained(queue), (std::vector<JobHandle>{1, 2, 3}));
}

TEST(ReadyQueue, LetsHigherPrioritiesGoFirst) {
  ReadyQueue queue(8);
  put(queue, 0, 1);
  put(queue, -100, 2);
  put(queue, 100, 3);
  put(queue, 0, 4);
  put(queue, 100, 5);
  EXPECT_EQ(drained(queue), (std::vector<JobHandle>{3, 5, 1, 4, 2}));
}

TEST(ReadyQueue, RefusesPlacesBeyondItsCapacity) {
  ReadyQueue queue(3);
  EXPECT_TRUE(queue.try_reserve(2));
  EXPECT_FALSE(queue.try_reserve(2));
  EXPECT_EQ(queue.places(), 2U);
  EXPECT_TRUE(queue.try_reserve(1));
  EXPECT_FALSE(queue.try_reserve(1));
}

TEST(ReadyQueue, CountsManyPlacesWithoutOverflow) {
  ReadyQueue queue(3);
  EXPECT_TRUE(queue.try_reserve(1));
  EXPECT_FALSE(queue.try_reserve(static_cast<std::size_t>(-1)));
  EXPECT_EQ(queue.places(), 1U);
}

TEST(ReadyQueue, GivesAPlaceBackWithEveryJobTaken) {
  ReadyQueue queue(1);
  put(queue, 0, 1);
  EXPECT_FALSE(queue.try_reserve(1));
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.places(), 0U);
  EXPECT_TRUE(queue.try_reserve(1));
}

TEST(ReadyQueue, GivesReservedPlacesBack) {
  ReadyQueue queue(2);
  EXPECT_TRUE(queue.try_reserve(2));
  queue.release(1);
  EXPECT_EQ(queue.places(), 1U);
  EXPECT_TRUE(queue.try_reserve(1));
}

TEST(ReadyQueue, LetsOldWorkBackInEvenWhenFull) {
  ReadyQueue queue(1);
  put(queue, 0, 1);
  queue.reserve_again();
  queue.push(0, 2);
  EXPECT_EQ(queue.places(), 2U);
  EXPECT_FALSE(queue.try_reserve(1));
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_FALSE(queue.try_reserve(1));
  EXPECT_EQ(queue.pop(), 2);
  EXPECT_TRUE(queue.try_reserve(1));
}

TEST(ReadyQueue, ErasesFromTheMiddle) {
  ReadyQueue queue(3);
  put(queue, 5, 1);
  const auto ticket = put(queue, 5, 2);
  put(queue, 5, 3);
  EXPECT_TRUE(queue.erase(5, ticket));
  EXPECT_EQ(queue.places(), 2U);
  EXPECT_EQ(queue.size(), 2U);
  EXPECT_EQ(drained(queue), (std::vector<JobHandle>{1, 3}));
}

TEST(ReadyQueue, ErasesNothingThatIsNotIn) {
  ReadyQueue queue(3);
  const auto ticket = put(queue, 5, 1);
  put(queue, 5, 2);
  EXPECT_FALSE(queue.erase(4, ticket));
  EXPECT_FALSE(queue.erase(5, ticket + 100));
  EXPECT_FALSE(queue.erase(5, 0));
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_FALSE(queue.erase(5, ticket));
  EXPECT_EQ(queue.places(), 1U);
}

TEST(ReadyQueueDeathTest, StopsAtAJobWithoutAPlace) {
  ReadyQueue queue(1);
  EXPECT_DEATH(queue.push(0, 1), "broken invariant");
}

TEST(ReadyQueueDeathTest, StopsAtAPlaceGivenBackTwice) {
  ReadyQueue queue(2);
  put(queue, 0, 1);
  EXPECT_DEATH(queue.release(1), "broken invariant");
}

TEST(ReadyQueue, TakesBackWhatItGaveOutToWhereItStood) {
  ReadyQueue queue(3);
  const auto first = put(queue, 0, 1);
  const auto second = put(queue, 0, 2);
  put(queue, 0, 3);
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), 2);
  queue.put_back(0, second, 2);
  queue.put_back(0, first, 1);
  EXPECT_EQ(queue.places(), 3U);
  EXPECT_EQ(drained(queue), (std::vector<JobHandle>{1, 2, 3}));
}

TEST(ReadyQueue, ShowsTheFirstOfEachPriority) {
  ReadyQueue queue(8);
  put(queue, 0, 1);
  put(queue, 0, 2);
  put(queue, 5, 3);
  EXPECT_EQ(queue.fronts(), (std::vector<JobHandle>{3, 1}));
}

}  // namespace jobqd::stores::embedded
