#include <jobqd/base/duration.hpp>

#include <array>
#include <utility>

#include <gtest/gtest.h>

namespace jobqd::base {

TEST(Duration, ReadsEveryUnit) {
  EXPECT_EQ(parse_duration("250ms"), milliseconds{250});
  EXPECT_EQ(parse_duration("30s"), milliseconds{30'000});
  EXPECT_EQ(parse_duration("5m"), milliseconds{300'000});
  EXPECT_EQ(parse_duration("2h"), milliseconds{7'200'000});
  EXPECT_EQ(parse_duration("2d"), milliseconds{172'800'000});
}

TEST(Duration, AddsUpUnitsInDescendingOrder) {
  EXPECT_EQ(parse_duration("1h30m"), milliseconds{5'400'000});
  EXPECT_EQ(parse_duration("1d2h3m4s5ms"), milliseconds{93'784'005});
  EXPECT_EQ(parse_duration("1m30ms"), milliseconds{60'030});
}

TEST(Duration, ReadsZero) {
  EXPECT_EQ(parse_duration("0s"), milliseconds{0});
  EXPECT_EQ(parse_duration("00ms"), milliseconds{0});
}

TEST(Duration, RefusesOtherNotations) {
  for (const auto* text :
       {"",   "5",    "s",   "ms", "-5s",   "+5s",  "1.5h",  "1,5h", "5 s",  " 5s",  "5s ",
        "5S", "5sec", "5us", "1w", "30m1h", "1s1s", "1ms1s", "1h30", "0x5s", "1e3s", "\xd9\xa5s"})
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
}

TEST(Duration, RefusesWhatDoesNotFit) {
  EXPECT_EQ(parse_duration("9223372036854775807ms"), milliseconds::max());
  EXPECT_EQ(parse_duration("9223372036854775808ms"), std::nullopt);
  EXPECT_EQ(parse_duration("9223372036854775807s"), std::nullopt);
  EXPECT_EQ(parse_duration("106751991167d"), milliseconds{106'751'991'167LL * 86'400'000});
  EXPECT_EQ(parse_duration("106751991168d"), std::nullopt);
  EXPECT_EQ(parse_duration("106751991167d24h"), std::nullopt);
}

TEST(Duration, WritesTheShortestTextThatReadsTheSame) {
  constexpr std::array<std::pair<std::int64_t, std::string_view>, 8> texts{{{0, "0s"},
                                                                            {1, "1ms"},
                                                                            {1'000, "1s"},
                                                                            {1'500, "1s500ms"},
                                                                            {60'000, "1m"},
                                                                            {5'400'000, "1h30m"},
                                                                            {86'400'001, "1d1ms"},
                                                                            {93'784'005, "1d2h3m4s5ms"}}};
  for (const auto& [count, text] : texts) {
    EXPECT_EQ(format_duration(milliseconds{count}), text);
    EXPECT_EQ(parse_duration(text), milliseconds{count});
  }
}

TEST(Duration, WritesTheLongestOfAll) {
  EXPECT_EQ(parse_duration(format_duration(milliseconds::max())), milliseconds::max());
}

}  // namespace jobqd::base
