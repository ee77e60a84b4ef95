#include "stores/embedded/due_queue.hpp"

#include <algorithm>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace jobqd::stores::embedded {

namespace {

constexpr base::SteadyTime at(int ms) {
  return base::SteadyTime{std::chrono::milliseconds{ms}};
}

/// The job's number and handle are the same here.
constexpr DueQueue::Entry entry(int ms, std::uint64_t job) {
  return {.due = at(ms), .number = job, .job = job};
}

}  // namespace

TEST(DueQueue, PopsDueJobsInOrder) {
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

TEST(DueQueue, ReturnsTheNextTime) {
  DueQueue queue;
  EXPECT_EQ(queue.next(), std::nullopt);
  queue.insert(entry(20, 1));
  queue.insert(entry(10, 2));
  EXPECT_EQ(queue.next(), at(10));
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
  EXPECT_EQ(queue.next_where([](JobHandle job) { return job % 3 == 0; }), at(30));
  EXPECT_EQ(queue.next_where([](JobHandle) { return false; }), std::nullopt);
}

TEST(DueQueue, AnErasedEntryIsNeitherNextNorFoundAndMayComeAgain) {
  DueQueue queue;
  for (int i = 1; i <= 5; ++i) queue.insert(entry(10 * i, static_cast<std::uint64_t>(i)));
  const auto any = [](JobHandle) { return true; };
  queue.erase(entry(20, 2));
  EXPECT_EQ(queue.next(), at(10));
  queue.erase(entry(10, 1));
  EXPECT_EQ(queue.next(), at(30));
  EXPECT_EQ(queue.next_where(any), at(30));
  queue.insert(entry(20, 2));
  EXPECT_EQ(queue.pop(at(100)), 2U);
  for (int i = 3; i <= 5; ++i) queue.erase(entry(10 * i, static_cast<std::uint64_t>(i)));
  EXPECT_EQ(queue.next(), std::nullopt);
  EXPECT_EQ(queue.next_where(any), std::nullopt);
  EXPECT_EQ(queue.pop(at(100)), std::nullopt);
}

TEST(DueQueue, AgreesWithAnOrderedSet) {
  std::mt19937_64 random{42};
  DueQueue queue;
  std::set<DueQueue::Entry> model;
  const auto odd = [](JobHandle job) { return job % 2 == 1; };
  for (int step = 0; step < 20'000; ++step) {
    // It grows for a while, then shrinks.
    const bool growing = step / 2'000 % 2 == 0;
    const auto job = random() % 300 + 1;
    const auto some = entry(static_cast<int>(random() % 20), job);
    if (model.contains(some)) {
      queue.erase(some);
      model.erase(some);
    } else if (random() % 4 < (growing ? 3U : 1U)) {
      model.insert(some);
      queue.insert(some);
    } else {
      const auto now = at(static_cast<int>(random() % 20));
      const bool is_due = !model.empty() && model.begin()->due <= now;
      ASSERT_EQ(queue.pop(now), is_due ? std::optional(model.begin()->job) : std::nullopt);
      if (is_due) model.erase(model.begin());
    }
    ASSERT_EQ(queue.next(), model.empty() ? std::nullopt : std::optional(model.begin()->due));
    const auto found = std::ranges::find_if(model, odd, &DueQueue::Entry::job);
    ASSERT_EQ(queue.next_where(odd), found == model.end() ? std::nullopt : std::optional(found->due));
  }
}

}  // namespace jobqd::stores::embedded
