#include "stores/embedded/packed.hpp"

#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace jobqd::stores::embedded {

namespace {

using base::milliseconds;
using base::SteadyTime;
using base::WallTime;
using std::chrono::microseconds;
using std::chrono::nanoseconds;

constexpr auto bits48 = std::uint64_t{1} << 48;
constexpr std::chrono::days year{365};

}  // namespace

TEST(PackedNumber, IsToldFromTheLargestSoFar) {
  static_assert(sizeof(PackedNumber) == 6);
  for (const auto largest :
       {bits48 - 1, bits48, bits48 + 5, 7 * bits48 + 3, std::numeric_limits<std::uint64_t>::max()})
    for (const auto less : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1'000'000}, bits48 - 1})
      EXPECT_EQ(PackedNumber(largest - less).get(largest), largest - less);
}

TEST(PackedNumber, KnowsWhenItCannotBeToldFromNone) {
  EXPECT_TRUE(PackedNumber{}.is_zero());
  EXPECT_TRUE(PackedNumber{3 * bits48}.is_zero());
  EXPECT_FALSE(PackedNumber{bits48 - 1}.is_zero());
  EXPECT_FALSE(PackedNumber{bits48 / 2}.is_zero());
}

TEST(PackedSteady, KeepsWholeMilliseconds) {
  static_assert(sizeof(PackedSteady) == 6);
  for (const SteadyTime time : {SteadyTime{}, SteadyTime{milliseconds{1}}, SteadyTime{milliseconds{-1}},
                                SteadyTime{34 * year}, SteadyTime{-34 * year}})
    EXPECT_EQ(PackedSteady(time).get(), time);
  EXPECT_TRUE(PackedSteady{}.is_none());
  EXPECT_TRUE(PackedSteady{SteadyTime{}}.is_none());
  EXPECT_FALSE(PackedSteady{SteadyTime{nanoseconds{1}}}.is_none());
}

TEST(PackedSteady, IsNeverEarlyAndLessThanAStepLate) {
  for (const std::int64_t count : {1L, 7'999L, 8'000L, 8'001L, 123'456'789'012'345L, -1L, -7'999L, -8'001L}) {
    const SteadyTime time{nanoseconds{count}};
    EXPECT_GE(PackedSteady(time).get(), time);
    EXPECT_LT(PackedSteady(time).get(), time + microseconds{8});
  }
}

TEST(PackedSteady, StaysFarAwayIfItIsTooFarAway) {
  EXPECT_GT(PackedSteady(SteadyTime::max()).get(), SteadyTime{35 * year});
  EXPECT_LT(PackedSteady(SteadyTime::min()).get(), SteadyTime{-35 * year});
}

TEST(PackedSteady, HasARankInTheOrderOfTime) {
  std::uint64_t last = 0;
  for (const SteadyTime time :
       {SteadyTime::min(), SteadyTime{-year}, SteadyTime{milliseconds{-1}}, SteadyTime{},
        SteadyTime{milliseconds{1}}, SteadyTime{year}, SteadyTime::max()}) {
    const PackedSteady packed(time);
    EXPECT_LT(packed.rank(), bits48);
    EXPECT_TRUE(last == 0 || packed.rank() > last);
    EXPECT_EQ(PackedSteady::of_rank(packed.rank()).get(), packed.get());
    last = packed.rank();
  }
}

TEST(PackedWall, KeepsEveryTimeThatAClockShows) {
  static_assert(sizeof(PackedWall) == 6);
  using std::chrono::floor;
  using std::chrono::system_clock;
  for (const WallTime time :
       {WallTime{}, WallTime{milliseconds{1}}, WallTime{milliseconds{-1}}, WallTime{8'000 * year / 2},
        floor<milliseconds>(system_clock::time_point::max()),
        floor<milliseconds>(system_clock::time_point::min())}) {
    ASSERT_TRUE(PackedWall::fits(time));
    EXPECT_EQ(PackedWall(time).get(), time);
  }
}

TEST(PackedWall, KnowsWhatItCannotKeep) {
  const WallTime last{milliseconds{(std::int64_t{1} << 47) - 1}};
  const WallTime first{milliseconds{-(std::int64_t{1} << 47)}};
  EXPECT_EQ(PackedWall(last).get(), last);
  EXPECT_EQ(PackedWall(first).get(), first);
  EXPECT_FALSE(PackedWall::fits(last + milliseconds{1}));
  EXPECT_FALSE(PackedWall::fits(first - milliseconds{1}));
}

}  // namespace jobqd::stores::embedded
