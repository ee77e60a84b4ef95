#include "stores/embedded/ready_queue.hpp"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

namespace jobqd::stores::embedded {

namespace {

JobSlot job(std::uint32_t number) {
  return JobSlot(number);
}

std::vector<JobSlot> jobs(std::initializer_list<std::uint32_t> numbers) {
  std::vector<JobSlot> slots;
  for (const auto number : numbers) slots.push_back(job(number));
  return slots;
}

std::vector<JobSlot> drained(ReadyQueue& queue) {
  std::vector<JobSlot> values;
  while (const auto value = queue.pop()) values.push_back(*value);
  return values;
}

}  // namespace

TEST(ReadyQueue, IsFirstInFirstOut) {
  ReadyQueue queue;
  for (const auto value : {1U, 2U, 3U}) queue.push(0, job(value));
  EXPECT_EQ(drained(queue), jobs({1, 2, 3}));
}

TEST(ReadyQueue, LetsHigherPrioritiesGoFirst) {
  ReadyQueue queue;
  queue.push(0, job(1));
  queue.push(-100, job(2));
  queue.push(100, job(3));
  queue.push(0, job(4));
  queue.push(100, job(5));
  EXPECT_EQ(drained(queue), jobs({3, 5, 1, 4, 2}));
}

TEST(ReadyQueue, ErasesFromTheMiddle) {
  ReadyQueue queue;
  queue.push(5, job(1));
  const auto ticket = queue.push(5, job(2));
  queue.push(5, job(3));
  EXPECT_TRUE(queue.erase(5, ticket));
  EXPECT_EQ(queue.size(), 2U);
  EXPECT_EQ(drained(queue), jobs({1, 3}));
}

TEST(ReadyQueue, ErasesNothingThatIsNotIn) {
  ReadyQueue queue;
  const auto ticket = queue.push(5, job(1));
  queue.push(5, job(2));
  EXPECT_FALSE(queue.erase(4, ticket));
  EXPECT_FALSE(queue.erase(5, Ticket(ticket.get(100) + 50)));
  EXPECT_FALSE(queue.erase(5, Ticket{}));
  EXPECT_EQ(queue.pop(), job(1));
  EXPECT_FALSE(queue.erase(5, ticket));
  EXPECT_EQ(queue.size(), 1U);
}

TEST(ReadyQueue, PutsAJobBackIntoItsOldPosition) {
  ReadyQueue queue;
  const auto first = queue.push(0, job(1));
  const auto second = queue.push(0, job(2));
  queue.push(0, job(3));
  EXPECT_EQ(queue.pop(), job(1));
  EXPECT_EQ(queue.pop(), job(2));
  queue.put_back(0, second, job(2));
  queue.put_back(0, first, job(1));
  EXPECT_EQ(drained(queue), jobs({1, 2, 3}));
}

TEST(ReadyQueue, KeepsItsOrderWhereTicketsUseAnotherBit) {
  // Jobs keep 48 bits of their tickets; the last start is that of the last tickets that there are.
  for (const auto last : {(std::uint64_t{1} << 32) - 3, (std::uint64_t{1} << 48) - 3,
                          std::numeric_limits<std::uint64_t>::max() - 6}) {
    ReadyQueue queue(last);
    std::vector<Ticket> tickets;
    for (std::uint32_t i = 1; i <= 6; ++i) {
      tickets.push_back(queue.push(0, job(i)));
      EXPECT_NE(tickets.back(), Ticket{}) << "that would be no ticket";
    }
    for (std::size_t i = 0; i < tickets.size(); ++i)
      EXPECT_EQ(std::ranges::count(tickets, tickets[i]), 1) << "no ticket is given out twice";
    EXPECT_FALSE(queue.erase(0, Ticket{}));
    EXPECT_EQ(queue.pop(), job(1));
    EXPECT_EQ(queue.pop(), job(2));
    EXPECT_EQ(queue.pop(), job(3));
    EXPECT_EQ(queue.pop(), job(4));
    EXPECT_TRUE(queue.erase(0, tickets[4]));
    for (const auto i : {3U, 0U, 1U, 2U}) queue.put_back(0, tickets[i], job(i + 1));
    EXPECT_EQ(drained(queue), jobs({1, 2, 3, 4, 6}));
  }
}

TEST(ReadyQueue, ShowsTheFirstOfEachPriority) {
  ReadyQueue queue;
  queue.push(0, job(1));
  queue.push(0, job(2));
  queue.push(5, job(3));
  std::vector<JobSlot> fronts;
  queue.visit_fronts([&](JobSlot front) { fronts.push_back(front); });
  EXPECT_EQ(fronts, jobs({3, 1}));
}

}  // namespace jobqd::stores::embedded
