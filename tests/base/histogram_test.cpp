#include <jobqd/base/histogram.hpp>

#include <array>

#include <gtest/gtest.h>

namespace jobqd::base {

namespace {

using namespace std::chrono_literals;

constexpr std::array<std::int64_t, 2> bounds{10, 20};

}  // namespace

TEST(Histogram, PutsABoundIntoTheRangeBelowIt) {
  Histogram<bounds> histogram;
  for (const auto value : {0, 10, 11, 20, 21, 1'000}) histogram.add(value);
  EXPECT_EQ(histogram.counts(), (std::array<std::uint64_t, 3>{2, 2, 2}));
  EXPECT_EQ(histogram.sum(), 1'062);
  EXPECT_EQ(histogram.total(), 6U);
}

TEST(Histogram, OfDurationsCountsInMicroseconds) {
  DurationHistogram<> histogram;
  histogram.add(1ms);
  histogram.add(1'001us);
  histogram.add(2h);
  EXPECT_EQ(histogram.counts().front(), 1U);
  EXPECT_EQ(histogram.counts().at(1), 1U);
  EXPECT_EQ(histogram.counts().back(), 1U);
  EXPECT_EQ(histogram.sum(), std::int64_t{7'200'002'001});
}

}  // namespace jobqd::base
