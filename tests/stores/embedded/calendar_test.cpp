#include "stores/embedded/calendar.hpp"

#include <gtest/gtest.h>

namespace jobqd::stores::embedded {

namespace {

using std::chrono::microseconds;

using base::milliseconds;
using base::SteadyTime;
using base::WallTime;

constexpr milliseconds wall_of_start{1'000'000'000};
constexpr milliseconds steady_of_start{5'000'000};

/// Both clocks after so long, the clock of the calendar moved forward by `moved`.
base::Now after(microseconds elapsed, milliseconds moved = milliseconds{0}) {
  return {.wall = std::chrono::floor<milliseconds>(
              std::chrono::sys_time<microseconds>(wall_of_start + moved + elapsed)),
          .steady = SteadyTime(steady_of_start + elapsed)};
}

WallTime wall(int ms) {
  return WallTime(wall_of_start + milliseconds{ms});
}

SteadyTime steady(int ms) {
  return SteadyTime(steady_of_start + milliseconds{ms});
}

}  // namespace

TEST(Calendar, TranslatesTimesInTheFutureAndInThePast) {
  Calendar calendar;
  EXPECT_EQ(calendar.steady(after(microseconds{0}), wall(250)), steady(250));
  EXPECT_EQ(calendar.steady(after(microseconds{0}), wall(-250)), steady(-250));
}

TEST(Calendar, IsNeverEarlyAndKeepsTheOrderOfThoseWithTheSameTime) {
  Calendar calendar;
  auto before = steady(1'000);
  for (const int elapsed : {0, 300, 999, 1'000, 1'700, 500'999, 501'000}) {
    const auto moment = calendar.steady(after(microseconds{elapsed}), wall(1'000));
    EXPECT_GE(moment, before) << elapsed << " us later";
    EXPECT_LT(moment, steady(1'001)) << elapsed << " us later";
    before = moment;
  }
}

TEST(Calendar, FollowsAJumpOfTheCalendar) {
  for (const milliseconds moved : {milliseconds{3'600'000}, milliseconds{-3'600'000}, milliseconds{2}}) {
    Calendar calendar;
    (void)calendar.steady(after(microseconds{0}), wall(0));
    EXPECT_EQ(calendar.steady(after(milliseconds{10}, moved), wall(1'000)), steady(1'000) - moved) << moved;
  }
}

}  // namespace jobqd::stores::embedded
