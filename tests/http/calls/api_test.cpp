// The API as a whole: its table of routes, its guards, and the answer beyond the limit of connections.

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/calls/api_fixture.hpp"

namespace jobqd::http {

namespace {

class TheApi : public ApiTest {
 protected:
  std::vector<std::string> routes_for(Access access) {
    std::vector<std::string> found;
    for (const auto& route : api->routes())
      if (route.access == access) found.push_back(fmt::format("{} {}", route.method, route.pattern));
    return found;
  }

  static Request request_for(std::string_view method, std::string path) {
    return {.method = method, .path = std::move(path), .body = {}};
  }
};

}  // namespace

TEST_F(TheApi, HasAnAccessLevelForEveryRoute) {
  using testing::UnorderedElementsAre;
  EXPECT_THAT(routes_for(Access::probe), UnorderedElementsAre("GET /healthz", "GET /livez", "GET /readyz"));
  EXPECT_THAT(routes_for(Access::open), UnorderedElementsAre("GET /problems/{name}", "GET /openapi.json"));
  EXPECT_THAT(routes_for(Access::enqueue), UnorderedElementsAre("POST /enqueue"));
  EXPECT_THAT(routes_for(Access::work),
              UnorderedElementsAre("POST /v1/queues/{name}/lease", "POST /v1/jobs/{id}/heartbeat",
                                   "POST /v1/jobs/{id}/complete", "POST /v1/jobs/{id}/fail"));
  EXPECT_THAT(routes_for(Access::read),
              UnorderedElementsAre("GET /v1/jobs", "GET /v1/jobs/{id}", "GET /v1/queues",
                                   "GET /v1/queues/{name}", "GET /v1/queues/{name}/history", "GET /metrics"));
  EXPECT_THAT(
      routes_for(Access::admin),
      UnorderedElementsAre("DELETE /v1/jobs/{id}", "POST /v1/jobs/{id}/cancel", "POST /v1/jobs/{id}/retry",
                           "POST /v1/queues/{name}/pause", "POST /v1/queues/{name}/resume",
                           "POST /v1/queues/{name}/retry", "POST /v1/queues/{name}/purge"));
}

TEST_F(TheApi, ReadsByGetAndOnlyByGet) {
  for (const auto& route : api->routes())
    EXPECT_EQ(route.method == "GET",
              route.access == Access::read || route.access == Access::probe || route.access == Access::open)
        << route.pattern;
}

TEST_F(TheApi, RefusesWhatARouteDoesNotTake) {
  for (const auto& route : api->routes()) {
    if (route.access == Access::probe) continue;
    auto path = std::string(route.pattern);
    if (const auto hole = path.find('{'); hole != std::string::npos)
      path.replace(hole, path.find('}') - hole + 1, "default");
    const auto method = std::string(route.method);
    EXPECT_EQ(summary(ask(method, path, {}, {}, {{"misspelt", "1"}})->response()),
              "400 /problems/invalid-field")
        << path;
    if (route.input.body) continue;
    EXPECT_EQ(summary(ask(method, path, "{}")->response()), "400 /problems/invalid-field") << path;
  }
  for (const auto* probe : {"/healthz", "/livez", "/readyz"})
    EXPECT_EQ(ask("GET", probe, "body", {}, {{"x", "1"}, {"x", "1"}})->response().status, 200U) << probe;
}

TEST_F(TheApi, HasEachRouteOnce) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const auto& route : api->routes())
    EXPECT_TRUE(seen.emplace(route.method, route.pattern).second) << route.method << route.pattern;
}

TEST_F(TheApi, NamesEveryMethodThereIsToOptions) {
  const auto allow = field_of(ask("OPTIONS", "*")->response(), "Allow");
  for (const auto& route : api->routes()) EXPECT_TRUE(allow.contains(route.method)) << route.method;
}

TEST_F(TheApi, AsksItsGuardsBeforeAnyRoute) {
  const Fields foreign{{"Host", "a"}, {"Origin", "http://b"}};
  for (const auto& route : api->routes()) {
    const auto response = ask(route.method, std::string(route.pattern), "{}", foreign)->response();
    EXPECT_EQ(response.status == 403U, route.method != "GET") << route.method << route.pattern;
  }
  EXPECT_EQ(summary(ask("POST", "/nope", {}, foreign)->response()), "403 /problems/forbidden-origin");
  EXPECT_EQ(summary(ask("DELETE", "/healthz", {}, foreign)->response()), "403 /problems/forbidden-origin");
  EXPECT_EQ(summary(ask("GET", "/nope", {}, foreign)->response()), "404 /problems/not-found");
}

TEST_F(TheApi, AnswersOnlyProbesBeyondTheLimit) {
  for (const auto& route : api->routes())
    EXPECT_EQ(api->answers_beyond_limit(request_for("GET", std::string(route.pattern))),
              route.access == Access::probe)
        << route.pattern;
  EXPECT_TRUE(api->answers_beyond_limit(request_for("POST", "/livez"))) << "by 405";
  EXPECT_FALSE(api->answers_beyond_limit(request_for("GET", "/nope")));
}

}  // namespace jobqd::http
