#include "http/requests/response_writer.hpp"

#include <gtest/gtest.h>

namespace jobqd::http {

namespace {

constexpr std::string_view date = "Thu, 01 Jan 2026 00:00:00 GMT";

std::string written(const Response& response, WriteOptions options = {.date = date}) {
  std::string out;
  append_response(out, response, options);
  return out;
}

}  // namespace

TEST(ResponseWriter, WritesStatusFieldsAndBody) {
  EXPECT_EQ(written({.content_type = "text/plain", .body = "OK"}),
            "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Type: text/plain\r\n"
            "Content-Length: 2\r\n\r\nOK");
}

TEST(ResponseWriter, WritesFurtherFieldsInOrder) {
  EXPECT_EQ(
      written({.status = 202, .body = "{}", .headers = {{"Location", "/v1/jobs/a"}, {"Retry-After", "1"}}}),
      "HTTP/1.1 202 Accepted\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Type: application/json\r\n"
      "Content-Length: 2\r\nLocation: /v1/jobs/a\r\nRetry-After: 1\r\n\r\n{}");
}

TEST(ResponseWriter, GivesAHeadAnswerTheLengthButNotTheBody) {
  EXPECT_EQ(written({.content_type = "text/plain", .body = "OK"}, {.date = date, .head = true}),
            "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Type: text/plain\r\n"
            "Content-Length: 2\r\n\r\n");
}

TEST(ResponseWriter, Gives204NeitherLengthNorTypeNorBody) {
  EXPECT_EQ(written({.status = 204, .body = "not sent"}),
            "HTTP/1.1 204 No Content\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n\r\n");
}

TEST(ResponseWriter, Gives304ItsValidatorAndNothingOfTheContent) {
  const Response unchanged{.status = 304, .body = "not sent", .headers = {{"ETag", "\"1\""}}};
  for (const bool head : {false, true})
    EXPECT_EQ(written(unchanged, {.date = date, .head = head}),
              "HTTP/1.1 304 Not Modified\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nETag: \"1\"\r\n\r\n");
}

TEST(ResponseWriter, SaysThatTheConnectionEnds) {
  EXPECT_TRUE(written({.close = true}).contains("\r\nConnection: close\r\n"));
  EXPECT_TRUE(
      written({.close = true}, {.date = date, .http_1_0 = true}).contains("\r\nConnection: close\r\n"));
  EXPECT_FALSE(written({}).contains("Connection"));
}

TEST(ResponseWriter, TellsHttp10ThatTheConnectionStays) {
  EXPECT_TRUE(written({}, {.date = date, .http_1_0 = true}).contains("\r\nConnection: keep-alive\r\n"));
}

TEST(ResponseWriter, AppendsOneAnswerAfterTheOther) {
  std::string out = written({.body = "1"});
  const auto first = out.size();
  append_response(out, {.body = "2"}, {.date = date});
  EXPECT_EQ(out.substr(first), written({.body = "2"}));
}

TEST(ResponseWriter, WritesAnAnswerInChunks) {
  std::string out;
  append_streamed_head(out, {.content_type = "text/plain"}, {.date = date});
  append_chunk(out, "0123456789abcdefg");
  append_chunk(out, "");
  append_chunk(out, "h");
  append_last_chunk(out);
  EXPECT_EQ(out,
            "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Type: text/plain\r\n"
            "Transfer-Encoding: chunked\r\n\r\n11\r\n0123456789abcdefg\r\n1\r\nh\r\n0\r\n\r\n");
}

TEST(ResponseWriter, SendsHttp10NoChunks) {
  std::string out;
  append_streamed_head(out, {.content_type = "text/plain", .close = true}, {.date = date, .http_1_0 = true});
  EXPECT_EQ(out,
            "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Type: text/plain\r\n"
            "Connection: close\r\n\r\n");
}

TEST(ResponseWriter, KnowsTheReasonPhraseOfEveryStatusOfTheApi) {
  for (const auto& traits : domain::error_table())
    EXPECT_FALSE(written({.status = traits.http_status}).contains("Unknown")) << traits.http_status;
}

TEST(HttpDate, IsAnImfFixdate) {
  using namespace std::chrono;
  EXPECT_EQ(http_date(sys_days{January / 1 / 2026}), "Thu, 01 Jan 2026 00:00:00 GMT");
  EXPECT_EQ(http_date(sys_days{November / 24 / 2026} + 8h + 9min + 5s + 999ms),
            "Tue, 24 Nov 2026 08:09:05 GMT");
  EXPECT_EQ(http_date(sys_days{February / 29 / 2028} + 23h + 59min + 59s), "Tue, 29 Feb 2028 23:59:59 GMT");
  EXPECT_EQ(http_date(base::WallTime{}), "Thu, 01 Jan 1970 00:00:00 GMT");
}

}  // namespace jobqd::http
