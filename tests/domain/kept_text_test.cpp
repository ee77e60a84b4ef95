#include <jobqd/domain/kept_text.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <jobqd/base/utf8.hpp>
#include <jobqd/domain/limits.hpp>

namespace jobqd::domain {

namespace {

using limits::error_bytes;
using limits::result_bytes;

std::string result(std::string output) {
  return kept_result(std::move(output)).value_or("none");
}

/// Arrays within arrays, so many levels.
std::string nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

}  // namespace

TEST(KeptResult, OfJsonIsTheJson) {
  for (const auto* json : {"1", "-0.5e3", "true", "null", R"("text")", R"("two \"words\" ü")",
                           R"({"a": [1, 2]})", " [1]", R"("\u0000")", "\"\x7F\"", R"(["\ud83d\ude00"])"})
    EXPECT_EQ(result(json), json);
  EXPECT_EQ(result("[1]\r\n\n"), "[1]");
}

TEST(KeptResult, OfOtherTextIsAString) {
  EXPECT_EQ(result("hello world\n"), R"("hello world")");
  EXPECT_EQ(result("{\"a\":1"), R"("{\"a\":1")");
  EXPECT_EQ(result("[1] [2]"), R"("[1] [2]")");
  EXPECT_EQ(result("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
  EXPECT_EQ(result("\"a\xFFz\""), "\"\\\"a\xEF\xBF\xBDz\\\"\"");
}

TEST(KeptResult, OfNothingIsNone) {
  EXPECT_EQ(kept_result(""), std::nullopt);
  EXPECT_EQ(kept_result("\r\n\n"), std::nullopt);
}

TEST(KeptResult, OfWhatOnlySomeReadersTakeForJsonIsAString) {
  EXPECT_EQ(result("\xEF\xBB\xBF{\"ok\":true}"), "\"\xEF\xBB\xBF{\\\"ok\\\":true}\"") << "a byte order mark";
  EXPECT_EQ(result(std::string("{\"ok\":true}\0", 12)), R"("{\"ok\":true}\u0000")");
  EXPECT_EQ(result(std::string("1\0,\"status\":\"done\"", 18)), R"("1\u0000,\"status\":\"done\"")");
  EXPECT_EQ(result("1e999"), R"("1e999")") << "no double holds it";
  EXPECT_EQ(result("NaN"), R"("NaN")");
  EXPECT_EQ(result(R"("\ud800")"), R"("\"\\ud800\"")") << "half of a pair of surrogates";
  EXPECT_EQ(result("[1,]"), R"("[1,]")");
  EXPECT_EQ(result("\x0C[1]"), R"("\f[1]")");
}

TEST(KeptResult, HasTheDepthThatAPayloadMayHave) {
  EXPECT_EQ(result(nested(limits::json_depth - 1)), nested(limits::json_depth - 1));
  EXPECT_EQ(result(nested(limits::json_depth)), '"' + nested(limits::json_depth) + '"');
  EXPECT_EQ(result(nested(30'000)).front(), '"');
}

TEST(KeptResult, FitsIntoItsLimit) {
  const auto fits = '"' + std::string(result_bytes - 2, 'x') + '"';
  EXPECT_EQ(result(fits), fits);
  for (const auto& output : {fits + " ", std::string(result_bytes * 3, 'x'), std::string(result_bytes, '\0'),
                             std::string(result_bytes, '"'), std::string(result_bytes, '\xFF'),
                             '[' + std::string(result_bytes, '1') + ']'}) {
    const auto kept = result(output);
    EXPECT_LE(kept.size(), result_bytes);
    EXPECT_GT(kept.size(), result_bytes - 10) << "no more is cut than has to be";
    EXPECT_TRUE(nlohmann::json::parse(kept).is_string());
  }
}

TEST(KeptResult, IsCutBetweenCharacters) {
  for (std::size_t shift = 0; shift < 4; ++shift) {
    std::string output(shift, 'x');
    while (output.size() < result_bytes) output += "😀";
    const auto kept = result(output);
    EXPECT_LE(kept.size(), result_bytes);
    EXPECT_FALSE(kept.contains(base::replacement_character)) << shift;
  }
}

TEST(KeptError, OfFourKibibytesIsKeptWhole) {
  const std::string longest(error_bytes, 'x');
  EXPECT_EQ(kept_error(longest), longest);
  EXPECT_EQ(kept_error(longest + "y"), longest);
}

TEST(KeptError, IsCutBetweenCharacters) {
  const std::string room(error_bytes - 3, 'x');
  EXPECT_EQ(kept_error(room + "\u20ac"), room + "\u20ac");  // ends with the limit
  EXPECT_EQ(kept_error(room + "x\u20ac"), room + "x");
  EXPECT_EQ(kept_error(room + "xx\u20ac"), room + "xx");
  EXPECT_EQ(kept_error(room + "\U0001f600"), room);
}

TEST(KeptError, IsUtf8) {
  EXPECT_EQ(kept_error("a\xFFz"), "a\xEF\xBF\xBDz");
  const auto garbage = kept_error(std::string(error_bytes * 2, '\xFF'));
  EXPECT_LE(garbage.size(), error_bytes);
  EXPECT_EQ(garbage, base::well_formed(garbage));
}

TEST(Kept, IsEveryPartOfAnOutcome) {
  EXPECT_EQ(std::get<Done>(kept(Done{.result = "text"})).result, R"("text")");
  EXPECT_EQ(std::get<Done>(kept(Done{})).result, std::nullopt);
  EXPECT_EQ(std::get<Retry>(kept(Retry{.error = "\xFF"})).error, "\xEF\xBF\xBD");
  EXPECT_EQ(std::get<Defer>(kept(Defer{.error = "\xFF", .after = {}})).error, "\xEF\xBF\xBD");
  EXPECT_EQ(std::get<Fail>(kept(Fail{.error = "\xFF"})).error, "\xEF\xBF\xBD");
  EXPECT_EQ(std::get<Unstarted>(kept(Unstarted{.why = "\xFF"})).why, "\xEF\xBF\xBD");
  EXPECT_TRUE(std::holds_alternative<Interrupted>(kept(Interrupted{})));
}

}  // namespace jobqd::domain
