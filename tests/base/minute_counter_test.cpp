#include <jobqd/base/minute_counter.hpp>

#include <gtest/gtest.h>

namespace jobqd::base {

namespace {

constexpr SteadyTime at(std::int64_t seconds, std::int64_t ms = 0) {
  return SteadyTime{std::chrono::seconds{seconds} + milliseconds{ms}};
}

}  // namespace

TEST(MinuteCounter, CountsTheLastMinuteOnly) {
  MinuteCounter counter;
  EXPECT_EQ(counter.count(at(0)), 0U);
  counter.add(at(0, 1));
  counter.add(at(0, 999), 2);
  counter.add(at(30));
  EXPECT_EQ(counter.count(at(30)), 4U);
  EXPECT_EQ(counter.count(at(59, 999)), 4U);
  EXPECT_EQ(counter.count(at(60)), 1U);
  EXPECT_EQ(counter.count(at(90)), 0U);
}

TEST(MinuteCounter, TakesBackWhatWasAdded) {
  MinuteCounter counter;
  counter.add(at(5), 2);
  counter.add(at(6));
  counter.take_back(at(5, 500));
  EXPECT_EQ(counter.count(at(6)), 2U);
  counter.add(at(65));
  counter.take_back(at(5));
  EXPECT_EQ(counter.count(at(65)), 2U) << "what it does not count any more it does not take back";
}

TEST(MinuteCounter, ReusesTheBucketOfASecondOneMinuteAgo) {
  MinuteCounter counter;
  counter.add(at(5), 7);
  counter.add(at(65));
  EXPECT_EQ(counter.count(at(65)), 1U);
  counter.add(at(7'205));
  EXPECT_EQ(counter.count(at(7'205)), 1U);
}

}  // namespace jobqd::base
