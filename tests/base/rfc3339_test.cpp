#include <jobqd/base/rfc3339.hpp>

#include <gtest/gtest.h>

#include <jobqd/base/random.hpp>

namespace jobqd::base {

namespace {

using namespace std::chrono_literals;

constexpr WallTime noon = std::chrono::sys_days{std::chrono::November / 24 / 2026} + 12h;

}  // namespace

TEST(Rfc3339, ReadsUtc) {
  EXPECT_EQ(parse_rfc3339("2026-11-24T12:00:00Z"), noon);
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z"), WallTime{});
  EXPECT_EQ(parse_rfc3339("9999-12-31T23:59:59.999Z"), WallTime{milliseconds{253'402'300'799'999}});
}

TEST(Rfc3339, ReadsOffsets) {
  EXPECT_EQ(parse_rfc3339("2026-11-24T13:00:00+01:00"), noon);
  EXPECT_EQ(parse_rfc3339("2026-11-24T06:30:00-05:30"), noon);
  EXPECT_EQ(parse_rfc3339("2026-11-25T11:59:00+23:59"), noon);
  EXPECT_EQ(parse_rfc3339("2026-11-24T12:00:00-00:00"), noon);
}

TEST(Rfc3339, CutsFractionsToMilliseconds) {
  EXPECT_EQ(parse_rfc3339("2026-11-24T12:00:00.5Z"), noon + 500ms);
  EXPECT_EQ(parse_rfc3339("2026-11-24T12:00:00.25Z"), noon + 250ms);
  EXPECT_EQ(parse_rfc3339("2026-11-24T12:00:00.007Z"), noon + 7ms);
  EXPECT_EQ(parse_rfc3339("2026-11-24T12:00:00.123999999999999999Z"), noon + 123ms);
}

TEST(Rfc3339, TakesTheLettersInEitherCaseAndASpaceBetweenDateAndTime) {
  EXPECT_EQ(parse_rfc3339("2026-11-24t12:00:00z"), noon);
  EXPECT_EQ(parse_rfc3339("2026-11-24 12:00:00Z"), noon);
}

TEST(Rfc3339, ReadsALeapSecondAsTheSecondAfterIt) {
  EXPECT_EQ(parse_rfc3339("2016-12-31T23:59:60Z"), parse_rfc3339("2017-01-01T00:00:00Z"));
}

TEST(Rfc3339, KnowsLeapYears) {
  EXPECT_TRUE(parse_rfc3339("2028-02-29T00:00:00Z"));
  EXPECT_TRUE(parse_rfc3339("2000-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2026-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2100-02-29T00:00:00Z"));
}

TEST(Rfc3339, RefusesDatesAndTimesThatDoNotExist) {
  for (const auto* text : {"2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-00T00:00:00Z",
                           "2026-11-31T00:00:00Z", "2026-11-24T24:00:00Z", "2026-11-24T12:60:00Z",
                           "2026-11-24T12:00:61Z", "2026-11-24T12:00:00+24:00", "2026-11-24T12:00:00+01:60"})
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
}

TEST(Rfc3339, RefusesOtherNotations) {
  for (const auto* text : {"",
                           "Z",
                           "2026-11-24",
                           "2026-11-24T12:00:00",
                           "2026-11-24T12:00Z",
                           "2026-11-24T12Z",
                           "2026-11-24T120000Z",
                           "20261124T120000Z",
                           "26-11-24T12:00:00Z",
                           "2026-1-24T12:00:00Z",
                           "2026-11-24T12:00:00.Z",
                           "2026-11-24T12:00:00,5Z",
                           "2026-11-24T12:00:00+1:00",
                           "2026-11-24T12:00:00+0100",
                           "2026-11-24T12:00:00+01",
                           "2026-11-24T12:00:00ZZ",
                           "2026-11-24T12:00:00Z ",
                           " 2026-11-24T12:00:00Z",
                           "2026-11-24_12:00:00Z",
                           "2026/11/24T12:00:00Z",
                           "-2026-11-24T12:00:00Z",
                           "+2026-11-24T12:00:00Z",
                           "2026-11-24T12:00:00 Z",
                           "2026-11-24T-1:00:00Z"})
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
}

TEST(Rfc3339, RefusesTimesOutsideOfItsYears) {
  for (const auto* text : {"1969-12-31T23:59:59Z", "1970-01-01T00:59:59+01:00", "0000-01-01T00:00:00Z",
                           "9999-12-31T23:59:60Z", "9999-12-31T23:59:59-01:00"})
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
}

TEST(Rfc3339, WritesUtcWithMilliseconds) {
  EXPECT_EQ(format_rfc3339(noon), "2026-11-24T12:00:00.000Z");
  EXPECT_EQ(format_rfc3339(noon + 1h + 2min + 3s + 4ms), "2026-11-24T13:02:03.004Z");
  EXPECT_EQ(format_rfc3339(WallTime{}), "1970-01-01T00:00:00.000Z");
}

TEST(Rfc3339, ReadsBackWhatItWrites) {
  Random random(4);
  for (int i = 0; i < 1'000; ++i) {
    const WallTime time{milliseconds{random.between(0, 253'402'300'799'999)}};
    ASSERT_EQ(parse_rfc3339(format_rfc3339(time)), time) << time.time_since_epoch().count();
  }
}

}  // namespace jobqd::base
