#include "http/calls/router.hpp"

#include <string>
#include <type_traits>

#include <gtest/gtest.h>

#include "http/calls/fake_exchange.hpp"

namespace jobqd::http {

namespace {

/// A handler that answers with its name and the parameter it was given.
Handler named(const std::string& name) {
  return [name](const Request& request, const ExchangePtr& exchange) {
    exchange->respond({.body = name + "(" + request.path_param + ")"});
  };
}

Router example() {
  return Router({{"GET", "/healthz", Access::probe, {}, named("health")},
                 {"GET", "/jobs", Access::read, {}, named("list")},
                 {"GET", "/jobs/{id}", Access::read, {}, named("show")},
                 {"DELETE", "/jobs/{id}", Access::admin, {}, named("remove")},
                 {"POST", "/jobs/{id}/cancel", Access::admin, {}, named("cancel")},
                 {"POST", "/enqueue", Access::enqueue, {}, named("enqueue")},
                 {"GET", "/ui/style.css", Access::read, {}, named("style")},
                 {"GET", "/ui/{path...}", Access::read, {}, named("page")}});
}

Request request_for(std::string_view method, std::string path) {
  return {.method = method, .path = std::move(path), .body = {}};
}

Response answer(std::string_view method, std::string path) {
  const auto router = example();
  auto request = request_for(method, std::move(path));
  const auto* const route = router.find(request);
  if (route == nullptr) return router.answer_without_route(request);
  const auto exchange = std::make_shared<FakeExchange>();
  route->handler(request, exchange);
  return exchange->response();
}

std::string pattern_of(std::string_view method, std::string path) {
  const auto router = example();
  auto request = request_for(method, std::move(path));
  const auto* const route = router.find(request);
  EXPECT_EQ(request.route, route == nullptr ? "" : route->pattern);
  return std::string(request.route);
}

// A route is declared with all five of its parts, or it does not compile.
static_assert(std::is_constructible_v<Route, const char*, const char*, Access, RouteInput, Handler>);
static_assert(!std::is_constructible_v<Route, const char*, const char*, RouteInput, Handler>);
static_assert(!std::is_constructible_v<Route, const char*, const char*, Access, Handler>);
static_assert(!std::is_constructible_v<Route, const char*, const char*, Access>);
static_assert(!std::is_default_constructible_v<Route>);
static_assert(!std::is_convertible_v<Handler, Access> && !std::is_convertible_v<int, Access>);

}  // namespace

TEST(Router, FindsTheHandlerOfMethodAndPath) {
  EXPECT_EQ(answer("GET", "/healthz").body, "health()");
  EXPECT_EQ(answer("GET", "/jobs").body, "list()");
  EXPECT_EQ(answer("GET", "/jobs/a").body, "show(a)");
  EXPECT_EQ(answer("DELETE", "/jobs/a").body, "remove(a)");
  EXPECT_EQ(answer("POST", "/jobs/a/cancel").body, "cancel(a)");
}

TEST(Router, NamesTheRouteByItsPattern) {
  EXPECT_EQ(pattern_of("GET", "/healthz"), "/healthz");
  EXPECT_EQ(pattern_of("HEAD", "/jobs/a%20b"), "/jobs/{id}");
  EXPECT_EQ(pattern_of("POST", "/jobs/a/cancel"), "/jobs/{id}/cancel");
  EXPECT_EQ(pattern_of("GET", "/ui/a/b"), "/ui/{path...}");
  EXPECT_EQ(pattern_of("GET", "/nope"), "");
  EXPECT_EQ(pattern_of("POST", "/jobs"), "");
}

TEST(Router, GivesAPrefixTheRestOfThePath) {
  EXPECT_EQ(answer("GET", "/ui/").body, "page()");
  EXPECT_EQ(answer("GET", "/ui/app.js").body, "page(app.js)");
  EXPECT_EQ(answer("GET", "/ui/queues/mail/").body, "page(queues/mail/)");
  EXPECT_EQ(answer("GET", "/ui//a%2Fb%20c").body, "page(/a/b c)");
  EXPECT_EQ(answer("HEAD", "/ui/x").body, "page(x)");
  EXPECT_EQ(summary(answer("GET", "/ui")), "404 /problems/not-found") << "trailing slashes count";
  EXPECT_EQ(summary(answer("GET", "/uix")), "404 /problems/not-found");
}

TEST(Router, TakesTheFirstRouteThatMatches) {
  EXPECT_EQ(answer("GET", "/ui/style.css").body, "style()");
  EXPECT_EQ(answer("GET", "/ui/style.css/").body, "page(style.css/)");
  EXPECT_EQ(field_of(answer("POST", "/ui/style.css"), "Allow"), "GET, HEAD, OPTIONS") << "each method once";
}

TEST(Router, KnowsThePathsOfProbes) {
  const auto router = example();
  EXPECT_TRUE(router.is_probe("/healthz"));
  for (const auto* path : {"/healthz/", "/jobs", "/enqueue", "/jobs/healthz", "/", "", "*", "/nope"})
    EXPECT_FALSE(router.is_probe(path)) << path;
}

TEST(RouterDeathTest, AbortsOnAPatternThatBreaksTheRules) {
  for (const auto* pattern : {"", "jobs", "/a/{id", "/a/id}", "/{a}/{b}", "/{a...}/b", "/{a}}", "/{{a}}"})
    EXPECT_DEATH(Router({{"GET", pattern, Access::read, {}, named("x")}}), "") << pattern;
}

TEST(Router, DecodesTheParameter) {
  EXPECT_EQ(answer("GET", "/jobs/a%20b").body, "show(a b)");
  EXPECT_EQ(answer("GET", "/jobs/a%2Fb").body, "show(a/b)");
  EXPECT_EQ(answer("GET", "/jobs/%E2%82%AC%22%3f").body, "show(\xE2\x82\xAC\"?)");
  EXPECT_EQ(answer("GET", "/jobs/%00").body, std::string("show(\0)", 7));
  EXPECT_EQ(answer("GET", "/jobs/a+b").body, "show(a+b)") << "a plus is a plus in a path";
  EXPECT_EQ(answer("GET", "/jobs/%252F").body, "show(%2F)") << "once";
}

TEST(Router, TakesIdsThatLookLikePartsOfAPath) {
  EXPECT_EQ(answer("GET", "/jobs/cancel").body, "show(cancel)");
  EXPECT_EQ(answer("POST", "/jobs/cancel/cancel").body, "cancel(cancel)");
  EXPECT_EQ(answer("GET", "/jobs/..").body, "show(..)");
  EXPECT_EQ(answer("GET", "/jobs/{id}").body, "show({id})");
}

TEST(Router, AParameterIsOneSegmentAndNotEmpty) {
  for (const auto* path :
       {"/jobs/", "/jobs/a/b", "/jobs/a/", "/jobs//cancel", "/jobs/a/b/cancel", "/jobs/cancel/"})
    EXPECT_EQ(summary(answer("POST", path)), "404 /problems/not-found") << path;
}

TEST(Router, KnowsNoOtherPath) {
  for (const auto* path :
       {"/", "/nope", "/healthz/", "//healthz", "/Healthz", "/jobsx", "/job", "/enqueue/a", "/healthz%20"})
    EXPECT_EQ(summary(answer("GET", path)), "404 /problems/not-found") << path;
}

TEST(Router, NamesTheMethodsOfAPathToOneThatIsNotThere) {
  for (const auto& [method, path, allow] : {std::tuple{"POST", "/healthz", "GET, HEAD, OPTIONS"},
                                            {"GET", "/enqueue", "POST, OPTIONS"},
                                            {"HEAD", "/enqueue", "POST, OPTIONS"},
                                            {"PATCH", "/jobs/a", "GET, HEAD, DELETE, OPTIONS"},
                                            {"get", "/healthz", "GET, HEAD, OPTIONS"},
                                            {"X", "/jobs/a/cancel", "POST, OPTIONS"}}) {
    const auto response = answer(method, path);
    EXPECT_EQ(summary(response), "405 /problems/method-not-allowed") << path;
    EXPECT_EQ(field_of(response, "Allow"), allow) << path;
  }
}

TEST(Router, AnswersHeadAsGet) {
  EXPECT_EQ(answer("HEAD", "/jobs/a").body, "show(a)");
}

TEST(Router, AnswersOptionsWithTheMethodsOfThePath) {
  const auto response = answer("OPTIONS", "/jobs/a");
  EXPECT_EQ(response.status, 204U);
  EXPECT_EQ(field_of(response, "Allow"), "GET, HEAD, DELETE, OPTIONS");
  EXPECT_EQ(summary(answer("OPTIONS", "/nope")), "404 /problems/not-found");
}

TEST(Router, AnswersOptionsOfTheServerAsAWhole) {
  const auto response = answer("OPTIONS", "*");
  EXPECT_EQ(response.status, 204U);
  EXPECT_FALSE(field_of(response, "Allow").empty());
}

TEST(Router, NamesTheMissingPath) {
  const auto body = nlohmann::json::parse(answer("GET", "/nope").body);
  EXPECT_EQ(body["detail"], "there is nothing at /nope");
}

}  // namespace jobqd::http
