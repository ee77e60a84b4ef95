// POST /enqueue: the rule of each field, at its bounds.

#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <jobqd/domain/limits.hpp>

#include "http/bodies/enqueue_parser.hpp"

namespace jobqd::http {

namespace {

using base::milliseconds;
using domain::ErrorCode;
using testing::ElementsAre;
using namespace std::chrono_literals;

/// The only job of a body with this one field.
std::optional<domain::NewJob> job_with(std::string_view field, std::string_view value) {
  auto body = parse_enqueue(fmt::format(R"({{"{}":{}}})", field, value));
  if (!body) return std::nullopt;
  return std::move(body->jobs.at(0));
}

/// The message about the value, if it is refused correctly: 400 with a pointer to the field.
std::string fault_of(std::string_view field, std::string_view value) {
  const auto body = parse_enqueue(fmt::format(R"({{"{}":{}}})", field, value));
  if (body) return "nothing";
  if (body.error().code != ErrorCode::invalid_field) return "another error: " + body.error().detail;
  if (body.error().fields.size() != 1) return "more than one fault";
  const auto& fault = body.error().fields.front();
  if (fault.pointer != fmt::format("/{}", field)) return "another pointer: " + fault.pointer;
  return fault.detail;
}

void expect_refused(std::string_view field, std::initializer_list<std::string_view> values) {
  for (const auto value : values)
    EXPECT_TRUE(fault_of(field, value).starts_with("must ")) << value << ": " << fault_of(field, value);
}

std::string in_quotes(std::string_view text) {
  return fmt::format("\"{}\"", text);
}

}  // namespace

TEST(EnqueueFields, HaveDefaults) {
  const auto body = parse_enqueue("{}");
  ASSERT_TRUE(body.has_value());
  const auto& job = body->jobs.at(0);
  EXPECT_EQ(job.id, "");
  EXPECT_EQ(job.payload, "null");
  EXPECT_EQ(job.queue, "default");
  EXPECT_EQ(job.max_retries, std::nullopt);
  EXPECT_EQ(job.priority, 0);
  EXPECT_FALSE(job.delay || job.run_at || job.timeout);
}

TEST(EnqueueFields, IdIsOneTo255Bytes) {
  EXPECT_EQ(job_with("id", in_quotes("a"))->id, "a");
  EXPECT_EQ(job_with("id", in_quotes(std::string(255, 'x')))->id, std::string(255, 'x'));
  expect_refused("id", {in_quotes(""), in_quotes(std::string(256, 'x')), in_quotes(std::string(5000, 'x'))});
}

TEST(EnqueueFields, IdCountsBytesNotLetters) {
  std::string euros;
  for (int i = 0; i < 85; ++i) euros += "\xE2\x82\xAC";
  EXPECT_EQ(job_with("id", in_quotes(euros))->id.size(), 255U);
  EXPECT_EQ(fault_of("id", in_quotes(euros + "a")), "must be 1 to 255 bytes long");
}

TEST(EnqueueFields, IdHasNoControlCharacters) {
  for (const auto* id : {R"("\u0000")", R"("a\nb")", R"("\u001b[31m")", R"("\u007f")", R"("\u0080")",
                         R"("\u009f")", R"("\t")"})
    EXPECT_EQ(fault_of("id", id), "must not contain control characters") << id;
  EXPECT_EQ(job_with("id", R"("\u00a0 \"\\ / \u2028")")->id, "\xC2\xA0 \"\\ / \xE2\x80\xA8");
}

TEST(EnqueueFields, IdIsAString) {
  expect_refused("id", {"1", "-1", "1.5", "true", "null", "[]", "{}", R"(["a"])"});
}

TEST(EnqueueFields, MaxRetriesIsAWholeNumberUpTo1000) {
  EXPECT_EQ(job_with("max_retries", "0")->max_retries, 0);
  EXPECT_EQ(job_with("max_retries", "-0")->max_retries, 0);
  EXPECT_EQ(job_with("max_retries", "1000")->max_retries, 1000);
  expect_refused("max_retries",
                 {"-1", "1001", "65536", "4294967296", "18446744073709551615", "18446744073709551616",
                  "-9223372036854775808", "-9223372036854775809", "1.5", "3.0", "1e3", "1e300"});
  expect_refused("max_retries", {in_quotes("3"), "true", "null", "[3]", "{}"});
}

TEST(EnqueueFields, ANumberThatIsTooLargeForAnyFieldHasItsOwnMessage) {
  for (const auto* field : {"max_retries", "priority", "delay", "timeout", "payload", "id"}) {
    EXPECT_EQ(fault_of(field, "1e400"), "must not hold 1e400, which no double holds") << field;
    EXPECT_EQ(fault_of(field, "-1e999999"), "must not hold -1e999999, which no double holds") << field;
  }
}

TEST(EnqueueFields, PriorityIsAWholeNumberWithin100) {
  EXPECT_EQ(job_with("priority", "-100")->priority, -100);
  EXPECT_EQ(job_with("priority", "0")->priority, 0);
  EXPECT_EQ(job_with("priority", "100")->priority, 100);
  expect_refused("priority", {"-101", "101", "256", "0.5", "1.0", "18446744073709551615", in_quotes("1"),
                              "true", "null", "[]", "{}"});
}

TEST(EnqueueFields, QueueIsAName) {
  EXPECT_EQ(job_with("queue", in_quotes("mail"))->queue, "mail");
  EXPECT_EQ(job_with("queue", in_quotes(""))->queue, "") << "the store knows which queues there are";
  expect_refused("queue", {"1", "true", "null", "[]", "{}"});
}

TEST(EnqueueFields, DelayIsADurationOrSeconds) {
  EXPECT_EQ(job_with("delay", in_quotes("1h30m"))->delay, 90min);
  EXPECT_EQ(job_with("delay", in_quotes("250ms"))->delay, 250ms);
  EXPECT_EQ(job_with("delay", "90")->delay, 90s);
  EXPECT_EQ(job_with("delay", "0.25")->delay, 250ms);
  EXPECT_EQ(job_with("delay", "0")->delay, 0ms);
  EXPECT_EQ(job_with("delay", "-0")->delay, 0ms);
  EXPECT_EQ(job_with("delay", "-0.0")->delay, 0ms);
}

TEST(EnqueueFields, DelayIsAtMostAYear) {
  constexpr auto year =
      std::chrono::duration_cast<std::chrono::seconds>(domain::limits::delay_longest).count();
  EXPECT_EQ(job_with("delay", fmt::to_string(year))->delay, domain::limits::delay_longest);
  EXPECT_EQ(job_with("delay", in_quotes("366d"))->delay, domain::limits::delay_longest);
  expect_refused(
      "delay", {fmt::to_string(year + 1), in_quotes("367d"), "1e9", "1e10", "1e300", "18446744073709551615"});
}

TEST(EnqueueFields, DelayTakesNoOtherForms) {
  expect_refused("delay", {"-1", "-0.001", in_quotes(""), in_quotes("1"), in_quotes("1 s"), in_quotes("-1s"),
                           in_quotes("1.5s"), in_quotes("s"), in_quotes("30m1h"),
                           in_quotes("9999999999999999999d"), "true", "null", "[]", "{}"});
}

TEST(EnqueueFields, TimeoutIsFromAMillisecondToADay) {
  EXPECT_EQ(job_with("timeout", in_quotes("1ms"))->timeout, 1ms);
  EXPECT_EQ(job_with("timeout", "0.001")->timeout, 1ms);
  EXPECT_EQ(job_with("timeout", in_quotes("24h"))->timeout, 24h);
  expect_refused("timeout", {"0", in_quotes("0s"), "0.0004", in_quotes("24h1ms"), "86401", "-1", "true",
                             "null", "[]", "{}", in_quotes("x")});
}

TEST(EnqueueFields, RunAtIsATimeWithOffset) {
  constexpr base::WallTime noon{std::chrono::sys_days{std::chrono::November / 24 / 2026} + 12h};
  EXPECT_EQ(job_with("run_at", in_quotes("2026-11-24T12:00:00Z"))->run_at, noon);
  EXPECT_EQ(job_with("run_at", in_quotes("2026-11-24T13:30:00.25+01:30"))->run_at, noon + 250ms);
  expect_refused("run_at", {in_quotes(""), in_quotes("tomorrow"), in_quotes("2026-11-24T12:00:00"),
                            in_quotes("2026-11-24"), in_quotes("2026-02-30T00:00:00Z"),
                            in_quotes("1969-12-31T23:59:59Z"), "1795521600", "true", "null", "[]", "{}"});
}

TEST(EnqueueFields, DelayAndRunAtExcludeEachOther) {
  for (const auto& [body, pointer] :
       {std::pair{R"({"delay":1,"run_at":"2026-11-24T12:00:00Z"})", "/run_at"},
        std::pair{R"({"run_at":"2026-11-24T12:00:00Z","delay":0})", "/delay"}}) {
    const auto parsed = parse_enqueue(body);
    ASSERT_FALSE(parsed.has_value());
    EXPECT_EQ(parsed.error().fields.at(0).pointer, pointer);
  }
}

TEST(EnqueueFields, AFaultShowsTheValueWhereItIsShort) {
  EXPECT_EQ(fault_of("priority", "101"), "must be a whole number from -100 to 100, not 101");
  EXPECT_EQ(fault_of("priority", in_quotes("high")), "must be a whole number from -100 to 100, not \"high\"");
  EXPECT_EQ(fault_of("priority", in_quotes(std::string(300, 'x'))),
            "must be a whole number from -100 to 100, not a string of 300 bytes");
}

TEST(EnqueueFields, AnUnknownFieldIsRefusedByName) {
  const auto body = parse_enqueue(R"({"max_retry":3})");
  ASSERT_FALSE(body.has_value());
  EXPECT_EQ(body.error().code, ErrorCode::invalid_field);
  EXPECT_THAT(body.error().fields, ElementsAre(domain::FieldError{
                                       .pointer = "/max_retry",
                                       .detail = "is not a field of a job; there are id, payload, "
                                                 "max_retries, queue, priority, delay, run_at, timeout"}));
}

TEST(EnqueueFields, APointerIsEscapedAsRfc6901Says) {
  EXPECT_EQ(parse_enqueue(R"({"a/b~c":1})").error().fields.at(0).pointer, "/a~1b~0c");
  EXPECT_EQ(
      parse_enqueue(fmt::format("{{\"{}\":1}}", std::string(5000, 'x'))).error().fields.at(0).pointer.size(),
      101U);
}

TEST(EnqueueFields, AFieldGivenTwiceIsRefused) {
  for (const auto* body :
       {R"({"id":"a","id":"b"})", R"({"id":"a","id":"a"})", R"({"id":"a","i\u0064":"a"})"}) {
    const auto parsed = parse_enqueue(body);
    ASSERT_FALSE(parsed.has_value()) << body;
    EXPECT_THAT(parsed.error().fields,
                ElementsAre(domain::FieldError{.pointer = "/id", .detail = "is given twice"}));
  }
  EXPECT_FALSE(parse_enqueue(R"({"payload":1,"payload":{"a":[1]}})").has_value());
}

TEST(EnqueueFields, AllFaultsOfARequestAreReportedAtOnce) {
  const auto body = parse_enqueue(
      R"({"id":7,"max_retries":-1,"x":0,"delay":"soon","priority":"p","payload":[1],"id":"b"})");
  ASSERT_FALSE(body.has_value());
  std::vector<std::string> pointers;
  for (const auto& fault : body.error().fields) pointers.push_back(fault.pointer);
  EXPECT_THAT(pointers, ElementsAre("/id", "/max_retries", "/x", "/delay", "/priority", "/id"));
  EXPECT_EQ(body.error().detail, "/id must be a string of 1 to 255 bytes, not 7");
}

TEST(EnqueueFields, TheReportOfFaultsIsBounded) {
  std::string body = "{";
  for (int i = 0; i < 1000; ++i) body += fmt::format(R"("x{}":0,)", i);
  body.back() = '}';
  EXPECT_EQ(parse_enqueue(body).error().fields.size(), 16U);
}

}  // namespace jobqd::http
