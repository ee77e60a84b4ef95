#include "stores/embedded/due_queue.hpp"

#include <algorithm>
#include <random>
#include <set>
#include <utility>

#include <gtest/gtest.h>

namespace jobqd::stores::embedded {

namespace {

constexpr base::SteadyTime at(int ms) {
  return base::SteadyTime{std::chrono::milliseconds{ms}};
}

constexpr JobHandle job(std::uint64_t number, std::uint32_t slot = 7) {
  return {.number = number, .slot = JobSlot(slot)};
}

constexpr DueQueue::Entry entry(int ms, std::uint64_t number) {
  return {.due = at(ms), .job = job(number)};
}

}  // namespace

TEST(DueQueue, PopsDueJobsInOrder) {
  DueQueue queue;
  queue.insert(entry(30, 1));
  queue.insert(entry(10, 2));
  queue.insert(entry(20, 3));
  EXPECT_EQ(queue.pop(at(9)), std::nullopt);
  EXPECT_EQ(queue.pop(at(25)), job(2));
  EXPECT_EQ(queue.pop(at(25)), job(3));
  EXPECT_EQ(queue.pop(at(25)), std::nullopt);
  EXPECT_EQ(queue.pop(at(30)), job(1));
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
  EXPECT_EQ(queue.pop(at(10)), job(2));
  EXPECT_EQ(queue.pop(at(10)), std::nullopt);
}

TEST(DueQueue, GivesOutTheOlderJobFirst) {
  DueQueue queue;
  queue.insert({.due = at(10), .job = job(2, 7)});
  queue.insert({.due = at(10), .job = job(1, 9)});
  EXPECT_EQ(queue.pop(at(10)), job(1, 9));
  EXPECT_EQ(queue.pop(at(10)), job(2, 7));
}

TEST(DueQueue, ReturnsTheWholeNumberOfAJob) {
  DueQueue queue;
  const auto bits48 = std::uint64_t{1} << 48;
  for (const auto number : {5 * bits48 + 1, 5 * bits48 - 1, 5 * bits48}) queue.insert(entry(10, number));
  EXPECT_EQ(queue.next_where([&](JobHandle job) { return job.number == 5 * bits48 - 1; }), at(10));
  queue.erase(entry(10, 5 * bits48));
  EXPECT_EQ(queue.pop(at(10)), job(5 * bits48 + 1)) << "the lower bits decide between such jobs";
  EXPECT_EQ(queue.pop(at(10)), job(5 * bits48 - 1));
}

TEST(DueQueue, PopsNoJobEarlyAndEachWithin8Microseconds) {
  DueQueue queue;
  const base::SteadyTime due{std::chrono::nanoseconds{1'000'000'000'001}};
  queue.insert({.due = due, .job = job(1)});
  EXPECT_GE(queue.next(), due);
  EXPECT_EQ(queue.pop(due), std::nullopt);
  EXPECT_EQ(queue.pop(due + std::chrono::microseconds{8}), job(1));
}

TEST(DueQueue, FindsTheEarliestThatFits) {
  DueQueue queue;
  for (int i = 1; i <= 4; ++i) queue.insert(entry(10 * i, static_cast<std::uint64_t>(i)));
  EXPECT_EQ(queue.next_where([](JobHandle job) { return job.number % 3 == 0; }), at(30));
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
  EXPECT_EQ(queue.pop(at(100)), job(2));
  for (int i = 3; i <= 5; ++i) queue.erase(entry(10 * i, static_cast<std::uint64_t>(i)));
  EXPECT_EQ(queue.next(), std::nullopt);
  EXPECT_EQ(queue.next_where(any), std::nullopt);
  EXPECT_EQ(queue.pop(at(100)), std::nullopt);
}

TEST(DueQueue, AgreesWithAnOrderedSet) {
  std::mt19937_64 random{42};
  DueQueue queue;
  std::set<std::pair<base::SteadyTime, JobHandle>> model;
  const auto odd = [](JobHandle job) { return job.number % 2 == 1; };
  for (int step = 0; step < 20'000; ++step) {
    // It grows for a while, then shrinks.
    const bool growing = step / 2'000 % 2 == 0;
    const auto number = random() % 300 + 1;
    const auto some = entry(static_cast<int>(random() % 20), number);
    const std::pair in_model(some.due.get(), some.job);
    if (model.contains(in_model)) {
      queue.erase(some);
      model.erase(in_model);
    } else if (random() % 4 < (growing ? 3U : 1U)) {
      model.insert(in_model);
      queue.insert(some);
    } else {
      const auto now = at(static_cast<int>(random() % 20));
      const bool is_due = !model.empty() && model.begin()->first <= now;
      ASSERT_EQ(queue.pop(now), is_due ? std::optional(model.begin()->second) : std::nullopt);
      if (is_due) model.erase(model.begin());
    }
    ASSERT_EQ(queue.next(), model.empty() ? std::nullopt : std::optional(model.begin()->first));
    const auto found = std::ranges::find_if(model, odd, &std::pair<base::SteadyTime, JobHandle>::second);
    ASSERT_EQ(queue.next_where(odd), found == model.end() ? std::nullopt : std::optional(found->first));
  }
}

}  // namespace jobqd::stores::embedded
