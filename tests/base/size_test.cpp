#include <jobqd/base/size.hpp>

#include <gtest/gtest.h>

#include <jobqd/base/number.hpp>

namespace jobqd::base {

TEST(Size, IsReadWithBinaryUnits) {
  EXPECT_EQ(parse_size("0"), 0U);
  EXPECT_EQ(parse_size("2048"), 2048U);
  EXPECT_EQ(parse_size("2048B"), 2048U);
  EXPECT_EQ(parse_size("64KiB"), 64U * 1024);
  EXPECT_EQ(parse_size("3GiB"), 3UL << 30U);
  EXPECT_EQ(parse_size("18446744073709551615"), 18'446'744'073'709'551'615U);
}

TEST(Size, OfAnythingElseIsNone) {
  for (const auto* text : {"", "B", "KiB", "1 KiB", "1kib", "1KB", "-1", "+1", "1.5KiB", "1KiBB", "0x10",
                           "18446744073709551616", "18446744073709551615GiB"})
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
}

TEST(Size, IsWrittenAsItIsRead) {
  EXPECT_EQ(format_size(0), "0B");
  EXPECT_EQ(format_size(1023), "1023B");
  EXPECT_EQ(format_size(1025), "1025B");
  EXPECT_EQ(format_size(64 * kib), "64KiB");
  EXPECT_EQ(format_size(1024 * kib), "1MiB");
  EXPECT_EQ(format_size(1024 * gib), "1024GiB");
}

TEST(Number, TakesUpTheWholeText) {
  EXPECT_EQ(parse_number<int>("-12"), -12);
  EXPECT_EQ(parse_number<double>("0.25"), 0.25);
  for (const auto* text : {"", " 1", "1 ", "+1", "1x", "99999999999"})
    EXPECT_EQ(parse_number<int>(text), std::nullopt) << text;
}

}  // namespace jobqd::base
