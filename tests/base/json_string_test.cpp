#include <jobqd/base/json_string.hpp>

#include <random>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace jobqd::base {

namespace {

using namespace std::string_literals;

std::string by_the_library(const std::string& text, JsonLetters letters) {
  return nlohmann::json(text).dump(-1, ' ', letters == JsonLetters::ascii,
                                   nlohmann::json::error_handler_t::replace);
}

/// Whether both ways of escaping agree with the JSON library, byte for byte.
void expect_as_by_the_library(const std::string& text) {
  for (const auto letters : {JsonLetters::utf8, JsonLetters::ascii})
    ASSERT_EQ(json_string(text, letters), by_the_library(text, letters))
        << "for the bytes " << by_the_library(text, JsonLetters::ascii);
}

/// Bytes on both sides of every boundary in the rules of UTF-8 and JSON.
const std::string& telling_bytes() {
  static const std::string bytes =
      "\x00\x1F\x20\"\\az\x7E\x7F\x80\x8F\x90\x9F\xA0\xBF\xC0\xC1\xC2\xDF\xE0\xE1\xEC\xED\xEE\xEF"
      "\xF0\xF1\xF3\xF4\xF5\xFF"s;
  return bytes;
}

}  // namespace

TEST(JsonString, QuotesPlainText) {
  EXPECT_EQ(json_string(""), R"("")");
  EXPECT_EQ(json_string("plain text"), R"("plain text")");
}

TEST(JsonString, EscapesWhatJsonRequires) {
  EXPECT_EQ(json_string("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(json_string("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(json_string("\0\x1B\x1F"s), R"("\u0000\u001b\u001f")");
}

TEST(JsonString, LeavesOtherLettersAsTheyAre) {
  EXPECT_EQ(json_string("\x7F\xC3\xA9\xF0\x9F\x98\x80"), "\"\x7F\xC3\xA9\xF0\x9F\x98\x80\"");
}

TEST(JsonString, EscapesEveryOtherLetterWhereOnlyAsciiIsWanted) {
  EXPECT_EQ(json_string("\x7F\xC2\x80\xC3\xA9\xE2\x82\xAC\xEF\xBF\xBF\xF0\x9F\x98\x80", JsonLetters::ascii),
            R"("\u007f\u0080\u00e9\u20ac\uffff\ud83d\ude00")");
}

TEST(JsonString, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(json_string("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
  EXPECT_EQ(json_string("\xE2\x82", JsonLetters::ascii), R"("\ufffd")") << "one for a cut character";
  EXPECT_EQ(json_string("\xED\xA0\x80", JsonLetters::ascii), R"("\ufffd\ufffd\ufffd")") << "a surrogate";
}

TEST(JsonString, IsAppended) {
  std::string out = "[";
  append_json_string(out, "a\nb");
  append_json_string(out, "\xC3\xA9", JsonLetters::ascii);
  EXPECT_EQ(out, R"(["a\nb""\u00e9")");
}

TEST(JsonString, IsReadBackAsItWas) {
  std::string all;
  for (int c = 0; c < 128; ++c) all += static_cast<char>(c);
  for (const auto letters : {JsonLetters::utf8, JsonLetters::ascii})
    EXPECT_EQ(nlohmann::json::parse(json_string(all, letters)), all);
}

TEST(JsonString, IsThatOfTheLibraryForEveryTwoBytes) {
  for (int first = 0; first < 256; ++first)
    for (int second = 0; second < 256; ++second)
      expect_as_by_the_library({static_cast<char>(first), static_cast<char>(second)});
}

TEST(JsonString, IsThatOfTheLibraryForEveryFourCriticalBytes) {
  for (const char a : telling_bytes())
    for (const char b : telling_bytes())
      for (const char c : telling_bytes()) {
        expect_as_by_the_library({a, b, c});
        for (const char d : {'a', '"', '\x7F', '\x80', '\xBF', '\xC0', '\xE2', '\xF4'})
          expect_as_by_the_library({a, b, c, d});
      }
}

TEST(JsonString, IsThatOfTheLibraryForRandomTexts) {
  std::mt19937 random(3);  // NOLINT(bugprone-random-generator-seed): the same cases on every run.
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    // Sometimes longer than the library's buffer.
    for (auto length = random() % (i % 100 == 0 ? 2000 : 40); length > 0; --length)
      text += random() % 2 == 0 ? static_cast<char>(random())
                                : telling_bytes()[random() % telling_bytes().size()];
    expect_as_by_the_library(text);
  }
}

TEST(JsonString, IsThatOfTheLibraryForNaughtyStrings) {
  for (const std::string& text :
       {"null"s, "\xEF\xBB\xBF"s, "\xE2\x80\xA8\xE2\x80\xA9"s, "<script>alert(1)</script>"s, "\x1B[31m"s,
        "\xC3\xA9\xCC\x81"s, "\xE2\x80\xAE right to left"s, "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x9A\x80"s,
        "\\u0041"s, "%00 \0"s, "\xF4\x8F\xBF\xBF"s, "\xF4\x90\x80\x80"s, "\xC0\xAF"s,
        "\xE3\x83\xBB( \xEF\xBF\xA3\xE2\x88\x80 \xEF\xBF\xA3)\xE3\x83\xBB:*:"s, "'\"`;--"s})
    expect_as_by_the_library(text);
}

}  // namespace jobqd::base
