#include "stores/embedded/due_queue.hpp"

#include <gtest/gtest.h>

namespace jobqd::stores::embedded {

namespace {

constexpr domain::SteadyTime at(int ms) {
  return domain::SteadyTime{std::chrono::milliseconds{ms}};
}

/// The job's number and handle are the same here.
constexpr DueQueue::Entry entry(int ms, std::uint64_t job) {
  return {.due = at(ms), .number = job, .job = job};
}

}  // namespace

TEST(DueQueue, GivesOutWhatIsDueInOrder) {
  DueQueue queue;
  queue.insert(entry(30, 1));
  queue.insert(entry(10, 2));
  queue.insert(entry(20, 3));
  EXPECT_EQ(queue.pop(at(9)), std::nullopt);
  EXPECT_EQ(queue.pop(at(25)), 2U);
  EXPECT_EQ(queue.pop(at(25)), 3U);
  EXPECT_EQ(queue.pop(at(25)), std::nullopt);
  EXPECT_EQ(queue.pop(at(30)), 1U);
}

TEST(DueQueue, SaysWhatIsNext) {
  DueQueue queue;
  EXPECT_EQ(queue.next(), std::nullopt);
  queue.insert(entry(20, 1));
  queue.insert(entry(10, 2));
  EXPECT_EQ(queue.next(), at(10));
}

TEST(DueQueue, SaysWhenTheEarliestIsNew) {
  DueQueue queue;
  EXPECT_TRUE(queue.insert(entry(20, 1)));
  EXPECT_FALSE(queue.insert(entry(30, 2)));
  EXPECT_TRUE(queue.insert(entry(10, 3)));
}

TEST(DueQueue, KeepsJobsThatAreDueAtTheSameTimeApart) {
  DueQueue queue;
  queue.insert(entry(10, 1));
  queue.insert(entry(10, 2));
  queue.erase(entry(10, 1));
  EXPECT_EQ(queue.pop(at(10)), 2U);
  EXPECT_EQ(queue.pop(at(10)), std::nullopt);
}

TEST(DueQueue, GivesOutTheOlderJobFirst) {
  DueQueue queue;
  queue.insert({.due = at(10), .number = 2, .job = 7});
  queue.insert({.due = at(10), .number = 1, .job = 9});
  EXPECT_EQ(queue.pop(at(10)), 9U);
  EXPECT_EQ(queue.pop(at(10)), 7U);
}

TEST(DueQueue, FindsTheEarliestThatFits) {
  DueQueue queue;
  for (int i = 1; i <= 4; ++i) queue.insert(entry(10 * i, static_cast<std::uint64_t>(i)));
  EXPECT_EQ(queue.next_where([](engine::JobHandle job) { return job % 3 == 0; }), at(30));
  EXPECT_EQ(queue.next_where([](engine::JobHandle) { return false; }), std::nullopt);
}

}  // namespace jobqd::stores::embedded
