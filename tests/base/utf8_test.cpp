#include <jobqd/base/utf8.hpp>

#include <gtest/gtest.h>

namespace jobqd::base {

namespace {

/// The text cut to at most `most` bytes.
std::string cut(std::string_view text, std::size_t most) {
  return std::string(text.substr(0, whole_characters(text, most)));
}

}  // namespace

TEST(Utf8, IsCutBetweenCharacters) {
  EXPECT_EQ(cut("abc", 5), "abc");
  EXPECT_EQ(cut("abc", 3), "abc");
  EXPECT_EQ(cut("abc", 2), "ab");
  EXPECT_EQ(cut("abc", 0), "");
  EXPECT_EQ(cut("aü", 3), "aü");
  EXPECT_EQ(cut("aü", 2), "a");
  EXPECT_EQ(cut("€", 2), "");
  EXPECT_EQ(cut("a😀b", 5), "a😀");
  for (std::size_t most = 1; most < 5; ++most) EXPECT_EQ(cut("a😀b", most), "a") << most;
}

TEST(Utf8, HasAnEndThatBeginsWithAWholeCharacter) {
  EXPECT_EQ(last_characters("abc", 5), "abc");
  EXPECT_EQ(last_characters("abc", 2), "bc");
  EXPECT_EQ(last_characters("üa", 3), "üa");
  EXPECT_EQ(last_characters("üa", 2), "a");
  EXPECT_EQ(last_characters("😀a", 4), "a");
  EXPECT_EQ(last_characters("😀", 3), "");
}

TEST(Utf8, ThatIsNoneIsCutAnywhere) {
  EXPECT_EQ(cut("\x80\x80\x80\x80\x80\x80", 5), "\x80\x80\x80\x80\x80");
  EXPECT_EQ(cut("\x80\x80", 1), "\x80");
}

TEST(Utf8, StaysAsItIsWhereItIsWellFormed) {
  for (const auto* text : {"", "plain", "ü", "a€b", "😀", "\xEF\xBF\xBD", "\x7F", "\xF4\x8F\xBF\xBF"})
    EXPECT_EQ(well_formed(text), text);
  EXPECT_EQ(well_formed(std::string("a\0b", 3)), std::string("a\0b", 3));
}

TEST(Utf8, GetsAReplacementForEachIllFormedPart) {
  EXPECT_EQ(well_formed("a\xFF"), "a\xEF\xBF\xBD");
  EXPECT_EQ(well_formed("ü\xFFz\xC3"), "ü\xEF\xBF\xBDz\xEF\xBF\xBD");
  EXPECT_EQ(well_formed("\xE2\x82 €"), "\xEF\xBF\xBD €") << "a character cut short is one part";
  EXPECT_EQ(well_formed("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD") << "a surrogate";
  EXPECT_EQ(well_formed("\xC0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD") << "an overlong form";
}

TEST(LineEnd, IsTakenOffHoweverOftenItIsThere) {
  EXPECT_EQ(without_line_end("a\nb\r\n\n"), "a\nb");
  EXPECT_EQ(without_line_end("a"), "a");
  EXPECT_EQ(without_line_end("\r\n"), "");
}

}  // namespace jobqd::base
