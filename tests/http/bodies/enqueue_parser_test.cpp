#include "http/bodies/enqueue_parser.hpp"

#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <jobqd/domain/limits.hpp>

namespace jobqd::http {

namespace {

using domain::ErrorCode;
using testing::HasSubstr;

/// The payload of the only job of a body with `text` for it.
std::string payload_of(std::string_view text) {
  const auto body = parse_enqueue(fmt::format(R"({{"id":"a","payload":{},"max_retries":3}})", text));
  return body ? body->jobs.at(0).payload : "refused: " + body.error().detail;
}

std::optional<ErrorCode> refusal(std::string_view body) {
  const auto parsed = parse_enqueue(body);
  return parsed ? std::nullopt : std::optional(parsed.error().code);
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

/// An array of this many jobs.
std::string batch_of(std::size_t jobs) {
  std::string body = "[" + repeated("{},", jobs);
  body.back() = ']';
  return body;
}

/// A payload of arrays within arrays; the job itself is the first level.
std::string nested(std::size_t levels) {
  return fmt::format(R"({{"payload":{}{}}})", std::string(levels - 1, '['), std::string(levels - 1, ']'));
}

}  // namespace

TEST(EnqueueParser, ReadsOneJob) {
  const auto body = parse_enqueue(R"({"id":"a1","payload":"p","max_retries":3})");
  ASSERT_TRUE(body.has_value());
  EXPECT_FALSE(body->batch);
  ASSERT_EQ(body->jobs.size(), 1U);
  EXPECT_EQ(body->jobs[0].id, "a1");
  EXPECT_EQ(body->jobs[0].payload, "\"p\"");
  EXPECT_EQ(body->jobs[0].max_retries, 3);
}

TEST(EnqueueParser, KeepsThePayloadByteForByte) {
  for (const std::string_view text : {"null",
                                      "true",
                                      "false",
                                      "0",
                                      "-0",
                                      "1.50",
                                      "1E+2",
                                      "123456789012345678901234567890",
                                      "0.1e-7",
                                      R"("")",
                                      R"("a\"b")",
                                      R"("\u00e9\ud83d\ude00 \/ \\")",
                                      "\"\xC3\xA9\"",
                                      "{}",
                                      "[]",
                                      "[ 1 ,\t2\n]",
                                      R"({ "b" : 1 , "a" : [ { } ] })",
                                      R"({"a":1,"a":2})",
                                      R"(["}",",","{\"id\":\"x\"}"])",
                                      R"({"id":"other","payload":[":"]})"})
    EXPECT_EQ(payload_of(text), text);
}

TEST(EnqueueParser, KeepsThePayloadWhereverItStands) {
  for (const auto* number : {"1", "-1.5e3", "\"s\"", "[1]", "null"}) {
    for (const auto* frame :
         {R"({{"payload":{}}})", R"({{"payload":{},"id":"a"}})", R"({{"id":"a","payload":{}}})",
          "{{ \"payload\" \t:\r\n {} \n , \"id\" : \"a\" }}", "{{\"payload\":{}\n}}", "[{{\"payload\":{}}}]",
          "[{{\"payload\":{} }},{{\"payload\":2}}]", "{{\"pay\\u006coad\":{}}}", "{{\"payload\" : {}}}  "}) {
      const auto body = parse_enqueue(fmt::format(fmt::runtime(frame), number));
      ASSERT_TRUE(body.has_value()) << frame;
      EXPECT_EQ(body->jobs.at(0).payload, number) << frame;
    }
  }
}

TEST(EnqueueParser, CutsTheWhitespaceAroundThePayloadOnly) {
  EXPECT_EQ(payload_of(" \n 1 \t "), "1");
  EXPECT_EQ(payload_of(" [ 1 ] "), "[ 1 ]");
}

TEST(EnqueueParser, RefusesWhatIsNoJob) {
  for (const auto* body : {"null", "true", "3", "-1", "1.5", "\"x\"", "[]", "[1]", "[null]", "[[]]",
                           "[{},[]]", "[[{}]]", "[{},3]"})
    EXPECT_EQ(refusal(body), ErrorCode::invalid_field) << body;
}

TEST(EnqueueParser, PointsAtTheElementThatIsNoJob) {
  EXPECT_EQ(parse_enqueue("[{},3]").error().fields.at(0).pointer, "/1");
  EXPECT_EQ(parse_enqueue("[[{}],{}]").error().fields.at(0).pointer, "/0");
  EXPECT_EQ(parse_enqueue(R"([{},{"id":7}])").error().fields.at(0).pointer, "/1/id");
  EXPECT_EQ(parse_enqueue("3").error().fields.at(0).pointer, "");
}

TEST(EnqueueParser, RefusesAnEmptyBody) {
  for (const auto* body : {"", " ", "\r\n\t "}) {
    ASSERT_EQ(refusal(body), ErrorCode::malformed_json);
    EXPECT_THAT(parse_enqueue(body).error().detail, HasSubstr("empty"));
  }
}

TEST(EnqueueParser, RefusesWhatIsNoJson) {
  for (const auto* body : {"{",
                           "}",
                           "{]",
                           "{\"id\"}",
                           "{\"id\":}",
                           "{\"id\":\"a\"",
                           "{\"id\":\"a\",}",
                           "{'id':'a'}",
                           "{id:\"a\"}",
                           "{}{}",
                           "{}x",
                           "[{},]",
                           "[{}",
                           "nul",
                           "NaN",
                           "{\"payload\":01}",
                           "{\"payload\":+1}",
                           "{\"payload\":1.}",
                           "{\"payload\":NaN}",
                           "{\"payload\":\"\t\"}",
                           "{\"payload\":\"\\x\"}",
                           "{\"payload\":\"\\ud800\"}",
                           "// c\n{}",
                           "{}/**/",
                           "id=a&payload=p"})
    EXPECT_EQ(refusal(body), ErrorCode::malformed_json) << body;
}

TEST(EnqueueParser, ReportsWhereTheJsonEnds) {
  EXPECT_THAT(parse_enqueue("{\n \"id\": ?}").error().detail, HasSubstr("line 2, column 8"));
}

TEST(EnqueueParser, ReportsWhereAPayloadIsWrong) {
  const auto parsed = parse_enqueue("{\"payload\":\n {\"long\": \"a string of some length\", \"wrong\": ?}}");
  EXPECT_THAT(parsed.error().detail,
              HasSubstr("parse error at line 2, column 47: syntax error while parsing value - invalid "
                        "literal; last read: 'some length\", \"wrong\": ?'"));
}

TEST(EnqueueParser, RefusesEscapesAndCharactersThatAreSplit) {
  for (const auto* text :
       {R"("\ud83dX\ude00")", R"("\ud83dab\ude00")", "\"\xC3(\xA9\"", "\"\xC3 is\xA9\"", R"("\u12xyz34")",
        R"("\u00e")", R"("\u00")", R"({"a":"\ud83d b\ude00"})", R"("\ud83d"\ude00")"})
    EXPECT_THAT(payload_of(text), HasSubstr("refused")) << text;
  for (const auto* text : {R"("\ud83d\ude00ab")", R"("ab\"cd\\")", R"("\\")", R"("\u0075u1234")",
                           "\"x\xC3\xA9y\"", R"({"a\"b":["c","\\"],"d":{"e":"f g"}})", R"("")", R"(["",""])"})
    EXPECT_EQ(payload_of(text), text);
}

TEST(EnqueueParser, TakesWhatTheJsonLibraryTakes) {
  const std::vector<std::string> pieces{
      "\"",   "\"",   "\\",   "\\u",  "\\n", "ud83d", "d83d", "\\ud83d", "\\ude00", "00e9",
      "\xC3", "\xA9", "\xE2", "\x82", "a",   "bc d",  "\t",   "{",       "}",       "[",
      "]",    ":",    ",",    "1",    "-",   "null",  " ",    "\"k\":",  "\x7F"};
  std::mt19937 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same every time
  const auto below = [&random](std::size_t n) { return random() % n; };
  int taken = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::string text = below(4) > 0 ? "\"" : "";
    for (auto n = below(7); n > 0; --n) text += pieces[below(pieces.size())];
    if (below(4) > 0) text += '"';
    const bool good = nlohmann::json::accept(text);
    if (good) ++taken;
    ASSERT_EQ(parse_enqueue(fmt::format("{{\"payload\":{}}}", text)).has_value(), good) << text;
  }
  EXPECT_GT(taken, 10'000);
}

TEST(EnqueueParser, PointsAtTheFieldWhoseValueIsNoJson) {
  for (const auto& [body, pointer] : {std::pair{"{\"id\":\"\xFF\"}", "/id"},
                                      {"[{},{\"max_retries\":+1}]", "/1/max_retries"},
                                      {"{\"payload\":[1,}", "/payload"}}) {
    const auto parsed = parse_enqueue(body);
    ASSERT_FALSE(parsed.has_value());
    EXPECT_EQ(parsed.error().code, ErrorCode::malformed_json);
    EXPECT_EQ(parsed.error().fields.at(0).pointer, pointer) << body;
  }
}

TEST(EnqueueParser, WantsUtf8) {
  for (const auto* text : {"\xFF", "\xC3", "\xC3(", "\xE2\x82", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                           "\xC0\xAF", "\xF8\x88\x80\x80\x80"}) {
    EXPECT_EQ(refusal(fmt::format(R"({{"id":"{}"}})", text)), ErrorCode::malformed_json);
    EXPECT_EQ(refusal(fmt::format(R"({{"payload":"{}"}})", text)), ErrorCode::malformed_json);
    EXPECT_EQ(refusal(fmt::format(R"({{"payload":{{"{}":1}}}})", text)), ErrorCode::malformed_json);
    EXPECT_EQ(refusal(fmt::format("{{}} {}", text)), ErrorCode::malformed_json);
  }
}

TEST(EnqueueParser, RefusesANulByteAnywhere) {
  const std::string_view job = R"({"id":"a","payload":[1,"b"]})";
  for (std::size_t i = 0; i <= job.size(); ++i) {
    std::string body(job);
    body.insert(i, 1, '\0');
    EXPECT_EQ(refusal(body), ErrorCode::malformed_json) << i;
  }
}

TEST(EnqueueParser, IgnoresAByteOrderMarkInFrontOnly) {
  const auto body = parse_enqueue("\xEF\xBB\xBF{\"payload\":1}");  // RFC 8259, section 8.1
  ASSERT_TRUE(body.has_value());
  EXPECT_EQ(body->jobs.at(0).payload, "1");
  EXPECT_EQ(refusal("{\"payload\":\xEF\xBB\xBF"
                    "1}"),
            ErrorCode::malformed_json);
  EXPECT_EQ(refusal("\xEF\xBB\xBF"), ErrorCode::malformed_json);
}

TEST(EnqueueParser, TakesSixtyFourLevelsAndNoMore) {
  EXPECT_EQ(refusal(nested(64)), std::nullopt);
  EXPECT_EQ(refusal(nested(65)), ErrorCode::malformed_json);
  EXPECT_EQ(refusal("[" + nested(63) + "]"), std::nullopt);
  EXPECT_EQ(refusal("[" + nested(64) + "]"), ErrorCode::malformed_json);
  EXPECT_EQ(parse_enqueue(nested(65)).error().fields.at(0).pointer, "/payload");
}

TEST(EnqueueParser, RefusesTwoHundredThousandBracketsAtOnce) {
  for (const auto* bracket : {"[", "{\"a\":", "[{\"a\":"}) {
    const auto body = repeated(bracket, 200'000);
    EXPECT_EQ(refusal(R"({"payload":)" + body), ErrorCode::malformed_json) << bracket;
    EXPECT_NE(refusal(body), std::nullopt) << bracket;
  }
}

TEST(EnqueueParser, ReadsABatchInOrder) {
  const auto body = parse_enqueue(R"([{"id":"b","payload":1},{"payload":[2],"id":"a"},{}])");
  ASSERT_TRUE(body.has_value());
  EXPECT_TRUE(body->batch);
  ASSERT_EQ(body->jobs.size(), 3U);
  EXPECT_EQ(body->jobs[0].id, "b");
  EXPECT_EQ(body->jobs[0].payload, "1");
  EXPECT_EQ(body->jobs[1].id, "a");
  EXPECT_EQ(body->jobs[1].payload, "[2]");
  EXPECT_EQ(body->jobs[2].id, "");
  EXPECT_EQ(body->jobs[2].payload, "null");
}

TEST(EnqueueParser, TakesABatchOfOne) {
  const auto body = parse_enqueue("[{}]");
  ASSERT_TRUE(body.has_value());
  EXPECT_TRUE(body->batch);
}

TEST(EnqueueParser, TakesTenThousandJobsAndNoMore) {
  EXPECT_EQ(parse_enqueue(batch_of(10'000))->jobs.size(), 10'000U);
  EXPECT_EQ(refusal(batch_of(10'001)), ErrorCode::invalid_field);
}

TEST(EnqueueParser, StopsReadingAtTheTenThousandthElementOfAnyKind) {
  for (const auto* element : {"1,", "[],", "\"\","}) {
    const auto parsed = parse_enqueue("[" + repeated(element, 10'001) + "this is never read");
    ASSERT_FALSE(parsed.has_value());
    EXPECT_THAT(parsed.error().detail, HasSubstr("more than 10000 jobs")) << element;
  }
}

TEST(EnqueueParser, ReportsTheFaultsOfSeveralJobs) {
  const auto parsed = parse_enqueue(R"([{"id":""},{},{"priority":1000,"delay":-1}])");
  ASSERT_FALSE(parsed.has_value());
  std::vector<std::string> pointers;
  for (const auto& fault : parsed.error().fields) pointers.push_back(fault.pointer);
  EXPECT_THAT(pointers, testing::ElementsAre("/0/id", "/2/priority", "/2/delay"));
}

TEST(EnqueueParser, MayRepeatAFieldInAnotherJobOfTheBatch) {
  EXPECT_EQ(refusal(R"([{"id":"a"},{"id":"b"}])"), std::nullopt);
  EXPECT_EQ(refusal(R"([{"id":"a"},{"id":"b","id":"c"}])"), ErrorCode::invalid_field);
}

TEST(EnqueueParser, LooksAtTheFieldsOfAJobNotAtThoseOfItsPayload) {
  EXPECT_EQ(refusal(R"({"payload":{"max_retry":-1,"id":7,"id":8}})"), std::nullopt);
  EXPECT_EQ(refusal(R"({"unknown":{"id":7},"payload":1})"), ErrorCode::invalid_field);
  EXPECT_EQ(parse_enqueue(R"({"id":{"id":"x"}})").error().fields.size(), 1U);
}

TEST(EnqueueParser, PointsAtAFieldWithoutAName) {
  const auto error = parse_enqueue("{\"\":1}").error();
  EXPECT_EQ(error.fields.at(0).pointer, "/");  // RFC 6901, section 5
  EXPECT_THAT(error.detail, HasSubstr("/ is not a field of a job"));
}

TEST(EnqueueParser, ReportsANumberInAnUnknownFieldOnce) {
  EXPECT_EQ(parse_enqueue("{\"x\":1e400}").error().fields.size(), 1U);
}

}  // namespace jobqd::http
