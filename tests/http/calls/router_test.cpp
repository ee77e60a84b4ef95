#include "http/calls/router.hpp"

#include <string>

#include <gtest/gtest.h>

#include "http/calls/fake_exchange.hpp"

namespace jobqd::http {

namespace {

/// A handler that answers with its name and the id it was given.
Handler named(const std::string& name) {
  return [name](const Request& request, const ExchangePtr& exchange) {
    exchange->respond({.body = name + "(" + request.id + ")"});
  };
}

Router example() {
  return Router({{"GET", "/healthz", named("health")},
                 {"GET", "/jobs", named("list")},
                 {"GET", "/jobs/{id}", named("show")},
                 {"DELETE", "/jobs/{id}", named("remove")},
                 {"POST", "/jobs/{id}/cancel", named("cancel")},
                 {"POST", "/enqueue", named("enqueue")}});
}

Response answer(std::string_view method, std::string path) {
  const auto exchange = std::make_shared<FakeExchange>();
  Request request{.method = method, .path = std::move(path), .body = {}};
  example()(request, exchange);
  return exchange->response();
}

}  // namespace

TEST(Router, FindsTheHandlerOfMethodAndPath) {
  EXPECT_EQ(answer("GET", "/healthz").body, "health()");
  EXPECT_EQ(answer("GET", "/jobs").body, "list()");
  EXPECT_EQ(answer("GET", "/jobs/a").body, "show(a)");
  EXPECT_EQ(answer("DELETE", "/jobs/a").body, "remove(a)");
  EXPECT_EQ(answer("POST", "/jobs/a/cancel").body, "cancel(a)");
}

TEST(Router, DecodesTheId) {
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

TEST(Router, AnIdIsOneSegmentAndNotEmpty) {
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

TEST(Router, TellsTheMethodsOfAPathThatIsAskedForThem) {
  const auto response = answer("OPTIONS", "/jobs/a");
  EXPECT_EQ(response.status, 204U);
  EXPECT_EQ(field_of(response, "Allow"), "GET, HEAD, DELETE, OPTIONS");
  EXPECT_EQ(summary(answer("OPTIONS", "/nope")), "404 /problems/not-found");
}

TEST(Router, TellsTheMethodsOfTheServerAsAWhole) {
  const auto response = answer("OPTIONS", "*");
  EXPECT_EQ(response.status, 204U);
  EXPECT_FALSE(field_of(response, "Allow").empty());
}

TEST(Router, SaysWhatIsNotThere) {
  const auto body = nlohmann::json::parse(answer("GET", "/nope").body);
  EXPECT_EQ(body["detail"], "there is nothing at /nope");
}

}  // namespace jobqd::http
