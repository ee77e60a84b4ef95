#include "app/logging/log.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "app/logging/test_pipe.hpp"
#include "support/manual_clock.hpp"

namespace jobqd::app {

namespace {

constexpr base::WallTime noon{std::chrono::sys_days{std::chrono::November / 24 / 2026} +
                              std::chrono::hours{12}};

/// Text by which a client could try to forge a line or to control a terminal.
const std::string evil =
    "a\r\n2026-11-24T12:00:00.000Z info  forged=1\x1B[2J\x7F\x9B \xC2\x9B \xE2\x80\xAE \xE2\x80\xA8 \"x\" \\ "
    "=";

std::string text_line(std::initializer_list<LogField> fields) {
  return format_log_line(LogFormat::text, noon, LogLevel::info, "job done", fields);
}

nlohmann::json json_line(std::initializer_list<LogField> fields) {
  return nlohmann::json::parse(format_log_line(LogFormat::json, noon, LogLevel::warn, "job failed", fields));
}

bool is_plain_ascii(std::string_view line) {
  return std::ranges::all_of(line, [](char c) { return c >= 0x20 && c < 0x7F; });
}

}  // namespace

TEST(LogLine, IsForPeople) {
  EXPECT_EQ(text_line({{"id", "a1"}, {"attempt", 3}}),
            "2026-11-24T12:00:00.000Z info  job done id=a1 attempt=3");
  EXPECT_EQ(format_log_line(LogFormat::text, noon, LogLevel::error, "no", {}),
            "2026-11-24T12:00:00.000Z error no");
}

TEST(LogLine, QuotesWhatIsNotOneWord) {
  EXPECT_EQ(text_line({{"id", "a b"}}), R"(2026-11-24T12:00:00.000Z info  job done id="a b")");
  EXPECT_TRUE(text_line({{"id", ""}}).ends_with(R"(id="")"));
  EXPECT_TRUE(text_line({{"id", "a=b"}}).ends_with(R"(id="a=b")"));
  EXPECT_TRUE(text_line({{"id", "a\"b"}}).ends_with(R"(id="a\"b")"));
}

TEST(LogLine, IsOneObjectForPrograms) {
  EXPECT_EQ(
      format_log_line(LogFormat::json, noon, LogLevel::info, "job done", {{"id", "a1"}, {"attempt", 3}}),
      R"({"time":"2026-11-24T12:00:00.000Z","level":"info","message":"job done","id":"a1","attempt":3})");
}

TEST(LogLine, KeepsNumbersNumbersAndTextText) {
  const auto line = json_line({{"port", 8080}, {"id", "8080"}, {"negative", -1}});
  EXPECT_EQ(line["port"], 8080);
  EXPECT_EQ(line["id"], "8080");
  EXPECT_EQ(line["negative"], -1);
}

TEST(LogLine, CannotBeForged) {
  EXPECT_TRUE(is_plain_ascii(text_line({{"id", evil}})));
  EXPECT_TRUE(is_plain_ascii(format_log_line(LogFormat::json, noon, LogLevel::info, "x", {{"id", evil}})));
}

TEST(LogLine, GivesTextBackUnchanged) {
  const std::string valid = "a\r\n\x1B[2J\x7F \xC2\x9B \xE2\x80\xAE \"x\" \\ \xF0\x9F\x98\x80";
  EXPECT_EQ(json_line({{"id", valid}})["id"], valid);
}

TEST(LogLine, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(json_line({{"id", "a\xFF"}})["id"], "a\xEF\xBF\xBD");
}

TEST(LogLevels, MayChangeAtAnyTime) {
  const support::ManualClock clock;
  Log log(LogLevel::info, LogFormat::text, clock);
  EXPECT_FALSE(log.logs(LogLevel::debug));
  EXPECT_TRUE(log.logs(LogLevel::info));
  log.set_least(LogLevel::error);
  EXPECT_FALSE(log.logs(LogLevel::warn));
  EXPECT_TRUE(log.logs(LogLevel::error));
  EXPECT_EQ(log.least(), LogLevel::error);
}

TEST(LogLevels, SayWhichLinesAreWritten) {
  const support::ManualClock clock;
  TestPipe pipe;
  Log log(LogLevel::debug, LogFormat::text, clock, pipe.write_end());
  log.write_admin(LogLevel::debug, "daemon");
  for (const auto level : {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error})
    log.write(level, "job");
  EXPECT_EQ(pipe.read_until("error job\n"),
            "2026-01-01T00:00:00.000Z debug daemon\n"
            "2026-01-01T00:00:00.000Z debug job\n"
            "2026-01-01T00:00:00.000Z info  job\n"
            "2026-01-01T00:00:00.000Z warn  job\n"
            "2026-01-01T00:00:00.000Z error job\n");
  log.set_least(LogLevel::warn);
  log.write(LogLevel::info, "job");
  log.write_admin(LogLevel::info, "daemon");
  log.write_admin(LogLevel::warn, "daemon");
  EXPECT_EQ(pipe.read_until("daemon\n"), "2026-01-01T00:00:00.000Z warn  daemon\n");
}

TEST(LogLines, HaveTheTimeOfTheClock) {
  support::ManualClock clock;
  TestPipe pipe;
  Log log(LogLevel::info, LogFormat::json, clock, pipe.write_end());
  clock.advance(base::milliseconds(1'007));
  log.write(LogLevel::info, "job", {{"id", "a"}});
  EXPECT_EQ(pipe.read_until("\n"),
            R"({"time":"2026-01-01T00:00:01.007Z","level":"info","message":"job","id":"a"})"
            "\n");
}

TEST(LogLines, OfJobsAreDroppedBeforeThoseOfTheDaemon) {
  const support::ManualClock clock;
  TestPipe pipe;
  Log log(LogLevel::info, LogFormat::text, clock, pipe.write_end());
  const std::string kilobyte(1024, 'x');
  const auto write_jobs = [&] {
    for (int i = 0; i < 4'000; ++i) log.write(LogLevel::info, "job", {{"id", kilobyte}});
  };
  write_jobs();
  log.write_admin(LogLevel::info, "daemon");
  write_jobs();
  EXPECT_TRUE(pipe.read_until(" daemon\n").ends_with(" daemon\n"));
  log.write(LogLevel::info, "last job");
  EXPECT_TRUE(pipe.read_until(" last job\n").contains("log lines were dropped"));
}

TEST(LogLine, CutsLongText) {
  const std::string longest(1024, 'x');
  EXPECT_EQ(json_line({{"id", longest}})["id"], longest);
  EXPECT_EQ(json_line({{"id", longest + "x"}})["id"], longest + "\xE2\x80\xA6");
  EXPECT_LT(text_line({{"id", std::string(1'000'000, 'x')}}).size(), 1200U);
  EXPECT_TRUE(is_plain_ascii(text_line({{"id", std::string(1023, 'x') + "\xC3\xA9"}})))
      << "cut inside of a character";
}

}  // namespace jobqd::app
