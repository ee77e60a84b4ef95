#include "http/guards/input.hpp"

#include <string>

#include <gtest/gtest.h>

namespace jobqd::http {

namespace {

Route route(Access access, RouteInput input) {
  return {"POST", "/x", access, std::move(input), [](Request&, const ExchangePtr&) {}};
}

/// Why the request is refused; empty if it is not.
std::string refusal(const Route& route, decltype(Request::query) query, std::string body = "") {
  const Request request{.method = "POST", .path = "/x", .query = std::move(query), .body = std::move(body)};
  const auto error = check_input(request, &route);
  if (!error) return "";
  EXPECT_EQ(error->code, domain::ErrorCode::invalid_field);
  return error->detail;
}

}  // namespace

TEST(InputGuard, RefusesParametersThatTheRouteDoesNotTake) {
  const auto two = route(Access::admin, {.query = {"a", "b"}});
  EXPECT_EQ(refusal(two, {}), "");
  EXPECT_EQ(refusal(two, {{"b", "1"}, {"a", ""}}), "");
  EXPECT_EQ(refusal(two, {{"A", "1"}}), "there is no query parameter \"A\" here, only a, b");
  const auto none = route(Access::admin, {});
  EXPECT_EQ(refusal(none, {{"", ""}}), "there is no query parameter \"\" here, nor any other");
  EXPECT_EQ(refusal(none, {{std::string(200, 'x'), ""}}),
            "there is no query parameter \"" + std::string(100, 'x') + "\" here, nor any other");
}

TEST(InputGuard, RefusesAParameterThatIsGivenTwice) {
  const auto one = route(Access::read, {.query = {"a"}});
  EXPECT_EQ(refusal(one, {{"a", "1"}, {"a", "1"}}), "query parameter a is given twice");
}

TEST(InputGuard, RefusesABodyWhereNoneIsTaken) {
  EXPECT_EQ(refusal(route(Access::admin, {}), {}, "{}"), "POST /x takes no body");
  EXPECT_EQ(refusal(route(Access::work, {.body = true}), {}, "{}"), "");
}

TEST(InputGuard, LeavesProbesAndWhatHasNoRouteAlone) {
  EXPECT_EQ(refusal(route(Access::probe, {}), {{"x", "1"}}, "body"), "");
  const Request nowhere{.method = "GET", .path = "/x", .query = {{"x", "1"}}, .body = "body"};
  EXPECT_FALSE(check_input(nowhere, nullptr));
}

}  // namespace jobqd::http
