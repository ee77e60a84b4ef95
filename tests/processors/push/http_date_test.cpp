#include "processors/push/http_date.hpp"

#include <gtest/gtest.h>

#include <jobqd/base/rfc3339.hpp>

namespace jobqd::processors::push {

namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year;

constexpr base::WallTime now = sys_days{year{2026} / 11 / 24};

std::string read(std::string_view text, base::WallTime at = now) {
  const auto time = parse_http_date(text, at);
  return time ? base::format_rfc3339(*time) : "none";
}

}  // namespace

TEST(HttpDate, HasThreeForms) {
  for (const auto* text :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"})
    EXPECT_EQ(read(text), "1994-11-06T08:49:37.000Z") << text;
  EXPECT_EQ(read("Wed Nov 16 08:49:37 1994"), "1994-11-16T08:49:37.000Z");
}

TEST(HttpDate, KnowsEveryMonthAndTheEndsOfTheCalendar) {
  EXPECT_EQ(read("Thu, 29 Feb 2024 00:00:00 GMT"), "2024-02-29T00:00:00.000Z");
  EXPECT_EQ(read("Mon, 01 Jan 0001 00:00:00 GMT"), "0001-01-01T00:00:00.000Z");
  EXPECT_EQ(read("Fri, 31 Dec 9999 23:59:59 GMT"), "9999-12-31T23:59:59.000Z");
  EXPECT_EQ(read("Sat, 31 Dec 2016 23:59:60 GMT"), "2017-01-01T00:00:00.000Z") << "a leap second";
}

TEST(HttpDate, OfTwoDigitsIsAtMostFiftyYearsAhead) {
  EXPECT_EQ(read("Monday, 06-Nov-26 08:49:37 GMT"), "2026-11-06T08:49:37.000Z");
  EXPECT_EQ(read("Monday, 06-Nov-76 08:49:37 GMT"), "2076-11-06T08:49:37.000Z");
  EXPECT_EQ(read("Monday, 06-Dec-76 08:49:37 GMT"), "1976-12-06T08:49:37.000Z");
  EXPECT_EQ(read("Monday, 06-Nov-77 08:49:37 GMT"), "1977-11-06T08:49:37.000Z");
  EXPECT_EQ(read("Monday, 06-Nov-00 08:49:37 GMT", sys_days{year{2099} / 1 / 1}), "2100-11-06T08:49:37.000Z");
  EXPECT_EQ(read("Monday, 06-Nov-99 08:49:37 GMT", sys_days{year{2101} / 1 / 1}), "2099-11-06T08:49:37.000Z");
}

TEST(HttpDate, ThatIsWrittenOtherwiseIsNone) {
  for (const auto* text : {"",
                           "Sun, 06 Nov 1994 08:49:37",
                           "Sun, 06 Nov 1994 08:49:37 UTC",
                           "Sun, 06 Nov 1994 08:49:37 GMT ",
                           " Sun, 06 Nov 1994 08:49:37 GMT",
                           "sun, 06 nov 1994 08:49:37 gmt",
                           "Sun, 6 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 94 08:49:37 GMT",
                           "Sun, 31 Feb 1994 08:49:37 GMT",
                           "Sun, 00 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 24:00:00 GMT",
                           "Sun, 06 Nov 1994 08:60:37 GMT",
                           "Sun, 06 Nov 1994 08:49:61 GMT",
                           "Sun, 06 Nov -994 08:49:37 GMT",
                           "Sun, +6 Nov 1994 08:49:37 GMT",
                           "Sun Nov 6 08:49:37 1994",
                           "Sun Nov 06 08:49:37 1994 GMT",
                           "Sunday, 06 Nov 1994 08:49:37 GMT",
                           "Sun, 06-Nov-94 08:49:37 GMT",
                           "1994-11-06T08:49:37Z",
                           "06 Nov 1994 08:49:37 GMT"})
    EXPECT_EQ(read(text), "none") << text;
}

}  // namespace jobqd::processors::push
