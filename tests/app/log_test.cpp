#include <jobqd/app/log.hpp>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace jobqd::app {
namespace {

constexpr domain::WallTime noon{domain::milliseconds{1'795'521'600'250}};

std::string text_line(std::initializer_list<LogField> fields) {
  return format_log_line(LogFormat::text, noon, LogLevel::info, "said", fields);
}

TEST(LogLine, IsReadableText) {
  EXPECT_EQ(text_line({{"port", 8080}, {"address", "127.0.0.1"}}),
            "2026-11-24T12:00:00.250Z info  said port=8080 address=127.0.0.1");
}

TEST(LogLine, QuotesWhatCouldBeMistaken) {
  EXPECT_EQ(text_line({{"id", ""}}), R"(2026-11-24T12:00:00.250Z info  said id="")");
  EXPECT_EQ(text_line({{"id", "a b=c"}}), R"(2026-11-24T12:00:00.250Z info  said id="a b=c")");
}

TEST(LogLine, CannotBeForgedByAClient) {
  const auto line = text_line({{"id", "x\n2026 \x1b[31m\r\xc2\x9b\xe2\x80\xa8"}});
  for (const char c : line) EXPECT_TRUE(c >= 0x20 && c < 0x7F) << line;
}

TEST(LogLine, SurvivesWhatIsNoUtf8AndCutsWhatIsLong) {
  EXPECT_THAT(text_line({{"id", "\xff"}}), testing::HasSubstr("\\ufffd"));
  EXPECT_LT(text_line({{"id", std::string(5000, 'x')}}).size(), 1200U);
}

TEST(LogLine, IsOneJsonObjectWithTheSameFields) {
  const auto line = format_log_line(LogFormat::json, noon, LogLevel::warn, "said", {{"id", "a\n\"b\""}, {"attempt", 2}});
  const auto object = nlohmann::json::parse(line);
  EXPECT_EQ(object.dump(),
            R"({"attempt":2,"id":"a\n\"b\"","level":"warn","message":"said","time":"2026-11-24T12:00:00.250Z"})");
}

}  // namespace
}  // namespace jobqd::app
