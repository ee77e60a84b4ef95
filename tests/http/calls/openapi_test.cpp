// The OpenAPI document has the routes and the problems that there are, and no others.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <jobqd/base/characters.hpp>
#include <jobqd/domain/error.hpp>

#include "http/bodies/job_fields.hpp"
#include "http/bodies/remote_body.hpp"
#include "http/calls/api_fixture.hpp"

namespace jobqd::http {

namespace {

using nlohmann::json;
using Texts = std::set<std::string>;

class OpenApi : public ApiTest {
 protected:
  OpenApi() : document(json::parse(get("/openapi.json").body)) {}

  /// What a reference leads to; anything else as it is.
  [[nodiscard]] const json& resolved(const json& node) const {
    if (!node.contains("$ref")) return node;
    return document.at(json::json_pointer(node.at("$ref").get<std::string>().substr(1)));
  }

  /// What the document says about a route.
  [[nodiscard]] const json& operation(const Route& route) const {
    return document.at("paths").at(route.pattern).at(base::lower(route.method));
  }

  /// The parameters of a route that are in the place: `path` or `query`.
  [[nodiscard]] Texts parameters(const Route& route, std::string_view place) const {
    Texts names;
    for (const auto* owner : {&operation(route), &document.at("paths").at(route.pattern)})
      for (const auto& given : owner->value("parameters", json::array())) {
        const auto& parameter = resolved(given);
        if (parameter.at("in") == place) names.insert(parameter.at("name"));
      }
    return names;
  }

  /// The types of the problems that a response may have.
  static Texts types_of(const json& response) {
    const auto& content = response.value("content", json::object());
    if (!content.contains("application/problem+json")) return {};
    const auto& type = content["application/problem+json"].at("schema").at("properties").at("type");
    return type.contains("const") ? Texts{type["const"]} : type.at("enum").get<Texts>();
  }

  json document;
};

Texts placeholders(std::string_view pattern) {
  const auto from = pattern.find('{');
  if (from == std::string_view::npos) return {};
  return {std::string(pattern.substr(from + 1, pattern.find('}') - from - 1))};
}

}  // namespace

TEST_F(OpenApi, IsServedAsJson) {
  const auto response = get("/openapi.json");
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(document.at("openapi"), "3.1.0");
}

TEST_F(OpenApi, HasEveryRouteAndNoOther) {
  Texts served;
  Texts described;
  for (const auto& route : api->routes())
    served.insert(fmt::format("{} {}", base::lower(route.method), route.pattern));
  for (const auto& [path, item] : document.at("paths").items())
    for (const auto& [method, call] : item.items())
      if (method != "parameters") described.insert(fmt::format("{} {}", method, path));
  EXPECT_EQ(described, served);
}

TEST_F(OpenApi, HasTheInputOfEveryRoute) {
  for (const auto& route : api->routes()) {
    SCOPED_TRACE(fmt::format("{} {}", route.method, route.pattern));
    EXPECT_EQ(parameters(route, "query"), Texts(route.input.query.begin(), route.input.query.end()));
    EXPECT_EQ(parameters(route, "path"), placeholders(route.pattern));
    EXPECT_EQ(operation(route).contains("requestBody"), route.input.body);
  }
}

TEST_F(OpenApi, HasEveryFieldOfEveryBody) {
  const auto read = [](const auto& fields) {
    Texts names;
    for (const auto& field : fields) names.insert(std::string(field.name));
    return names;
  };
  const auto described = [this](const std::string& schema) {
    Texts names;
    for (const auto& field : document.at(json::json_pointer(schema + "/properties")).items())
      names.insert(field.key());
    return names;
  };
  const auto body_of = [](const std::string& path) {
    return fmt::format("/paths/{}/post/requestBody/content/application~1json/schema", path);
  };
  EXPECT_EQ(described("/components/schemas/NewJob"), read(job_fields()));
  EXPECT_EQ(described(body_of("~1v1~1queues~1{name}~1lease")), read(remote_fields(RemoteCall::lease)));
  EXPECT_EQ(described(body_of("~1v1~1jobs~1{id}~1heartbeat")), read(remote_fields(RemoteCall::heartbeat)));
  EXPECT_EQ(described(body_of("~1v1~1jobs~1{id}~1complete")), read(remote_fields(RemoteCall::complete)));
  EXPECT_EQ(described(body_of("~1v1~1jobs~1{id}~1fail")), read(remote_fields(RemoteCall::fail)));
}

TEST_F(OpenApi, HasEveryProblemAndNoOther) {
  Texts known;
  for (const auto& traits : domain::error_table()) known.insert(fmt::format("/problems/{}", traits.slug));
  EXPECT_EQ(document.at(json::json_pointer("/components/schemas/ProblemType/enum")).get<Texts>(), known);

  Texts used;
  for (const auto& route : api->routes())
    for (const auto& [status, response] : operation(route).at("responses").items())
      used.merge(types_of(resolved(response)));
  EXPECT_EQ(used, known) << "a response of some call has each of them";
}

TEST_F(OpenApi, HasEachProblemAtItsStatusOnly) {
  std::map<std::string, const domain::ErrorTraits*> table;
  for (const auto& traits : domain::error_table())
    table.emplace(fmt::format("/problems/{}", traits.slug), &traits);
  for (const auto& route : api->routes()) {
    for (const auto& [status, named] : operation(route).at("responses").items()) {
      if (status == "default") continue;  // It stands for several.
      const auto& response = resolved(named);
      bool waits = false;
      for (const auto& type : types_of(response)) {
        SCOPED_TRACE(fmt::format("{} {}: {} {}", route.method, route.pattern, status, type));
        ASSERT_TRUE(table.contains(type));
        EXPECT_EQ(status, fmt::to_string(table[type]->http_status));
        waits = waits || table[type]->retry_after.count() > 0;
      }
      EXPECT_EQ(response.value("headers", json::object()).contains("Retry-After"), waits)
          << route.pattern << status;
    }
  }
}

TEST_F(OpenApi, IsReadLikeOtherPathsAndBeforeJobsAreServed) {
  EXPECT_EQ(ask("HEAD", "/openapi.json")->response().status, 200U);
  EXPECT_EQ(summary(post("/openapi.json")), "405 /problems/method-not-allowed");
  EXPECT_EQ(summary(get("/openapi.json", {{"pretty", ""}})), "400 /problems/invalid-field");
  api = std::make_unique<Api>(*store, clock, random);
  EXPECT_EQ(get("/openapi.json").status, 200U);
}

}  // namespace jobqd::http
