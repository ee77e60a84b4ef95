#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "http/message.hpp"

namespace jobqd::http {

namespace {

using domain::Error;
using domain::ErrorCode;

nlohmann::json body_of(const Error& error) {
  return nlohmann::json::parse(problem(error).body);
}

std::string field(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers)
    if (key == name) return value;
  return "";
}

}  // namespace

TEST(Problem, LooksAsTheTableSaysForEveryError) {
  for (const auto& traits : domain::error_table()) {
    const Response response = problem({.code = traits.code, .detail = "why"});
    EXPECT_EQ(response.status, traits.http_status);
    EXPECT_EQ(response.content_type, "application/problem+json");
    const nlohmann::json expected{{"type", "/problems/" + std::string(traits.slug)},
                                  {"title", traits.title},
                                  {"status", traits.http_status},
                                  {"detail", "why"}};
    EXPECT_EQ(nlohmann::json::parse(response.body), expected);
    const auto retry_after = traits.retry_after.count();
    EXPECT_EQ(field(response, "Retry-After"), retry_after > 0 ? std::to_string(retry_after) : "")
        << traits.slug;
  }
}

TEST(Problem, HasRetryAfterIfARetryMakesSense) {
  for (const auto code : {ErrorCode::queue_full, ErrorCode::draining, ErrorCode::store_unavailable,
                          ErrorCode::too_many_connections})
    EXPECT_NE(field(problem({.code = code, .detail = "why"}), "Retry-After"), "");
}

TEST(Problem, ListsEveryWrongField) {
  const auto body = body_of({.code = ErrorCode::invalid_field,
                             .detail = "why",
                             .fields = {{"/0/id", "too long"}, {"", "not \"that\""}}});
  const auto expected = nlohmann::json::parse(
      R"([{"pointer":"/0/id","detail":"too long"},{"pointer":"","detail":"not \"that\""}])");
  EXPECT_EQ(body["errors"], expected);
}

TEST(Problem, HasNoListIfNoFieldIsWrong) {
  EXPECT_FALSE(body_of({.code = ErrorCode::not_found, .detail = "why"}).contains("errors"));
}

TEST(Problem, CarriesAnyTextOfAClient) {
  const std::string text = "quote \" backslash \\ newline \n escape \x1B e-acute \xC3\xA9 euro \xE2\x82\xAC";
  EXPECT_EQ(body_of({.code = ErrorCode::not_found, .detail = text})["detail"], text);
  const auto broken =
      body_of({.code = ErrorCode::not_found, .detail = "\xFF", .fields = {{"/\xC3", "\x80"}}});
  EXPECT_EQ(broken["detail"], "\xEF\xBF\xBD") << "what is no UTF-8 becomes U+FFFD";
}

}  // namespace jobqd::http
