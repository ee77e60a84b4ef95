#include "stores/embedded/ready_queue.hpp"

#include <optional>
#include <vector>

#include <gtest/gtest.h>

namespace jobqd::stores::embedded {

namespace {

std::vector<JobHandle> drained(ReadyQueue& queue) {
  std::vector<JobHandle> values;
  while (const auto value = queue.pop()) values.push_back(*value);
  return values;
}

}  // namespace

TEST(ReadyQueue, IsFirstInFirstOut) {
  ReadyQueue queue;
  for (const JobHandle value : {1U, 2U, 3U}) queue.push(0, value);
  EXPECT_EQ(drained(queue), (std::vector<JobHandle>{1, 2, 3}));
}

TEST(ReadyQueue, LetsHigherPrioritiesGoFirst) {
  ReadyQueue queue;
  queue.push(0, 1);
  queue.push(-100, 2);
  queue.push(100, 3);
  queue.push(0, 4);
  queue.push(100, 5);
  EXPECT_EQ(drained(queue), (std::vector<JobHandle>{3, 5, 1, 4, 2}));
}

TEST(ReadyQueue, ErasesFromTheMiddle) {
  ReadyQueue queue;
  queue.push(5, 1);
  const auto ticket = queue.push(5, 2);
  queue.push(5, 3);
  EXPECT_TRUE(queue.erase(5, ticket));
  EXPECT_EQ(queue.size(), 2U);
  EXPECT_EQ(drained(queue), (std::vector<JobHandle>{1, 3}));
}

TEST(ReadyQueue, ErasesNothingThatIsNotIn) {
  ReadyQueue queue;
  const auto ticket = queue.push(5, 1);
  queue.push(5, 2);
  EXPECT_FALSE(queue.erase(4, ticket));
  EXPECT_FALSE(queue.erase(5, ticket + 100));
  EXPECT_FALSE(queue.erase(5, 0));
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_FALSE(queue.erase(5, ticket));
  EXPECT_EQ(queue.size(), 1U);
}

TEST(ReadyQueue, PutsAJobBackIntoItsOldPosition) {
  ReadyQueue queue;
  const auto first = queue.push(0, 1);
  const auto second = queue.push(0, 2);
  queue.push(0, 3);
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), 2);
  queue.put_back(0, second, 2);
  queue.put_back(0, first, 1);
  EXPECT_EQ(drained(queue), (std::vector<JobHandle>{1, 2, 3}));
}

TEST(ReadyQueue, ShowsTheFirstOfEachPriority) {
  ReadyQueue queue;
  queue.push(0, 1);
  queue.push(0, 2);
  queue.push(5, 3);
  EXPECT_EQ(queue.fronts(), (std::vector<JobHandle>{3, 1}));
}

}  // namespace jobqd::stores::embedded
