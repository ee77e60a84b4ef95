// The health probes, over a real store.

#include <regex>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/calls/api_fixture.hpp"
#include "support/stub_store.hpp"

namespace jobqd::http {

namespace {

using testing::_;
using testing::Contains;
using testing::Pair;

class Probes : public ApiTest {};

class TroubledStore : public support::StubStore {
 public:
  std::string trouble() const override { return "the disk is full"; }
};

/// Its other calls answer store_unavailable with another detail.
class RestoringStore : public support::StubStore {
 public:
  std::string trouble() const override { return "restoring 2 of 3 jobs"; }
};

}  // namespace

TEST_F(Probes, SayThatAllIsWell) {
  for (const auto* path : {"/healthz", "/livez", "/readyz"}) {
    const auto response = get(path);
    EXPECT_EQ(response.status, 200U) << path;
    EXPECT_EQ(response.content_type, "text/plain") << path;
    EXPECT_EQ(response.body, "OK") << path;
  }
}

TEST_F(Probes, ShowEveryQueueWhereTheyAreAsked) {
  ASSERT_TRUE(store->configure({.name = "mail", .processor = {.fault = "it is not here"}}));
  ASSERT_TRUE(store->configure({.name = "gone"}));
  enqueue(R"({"queue":"gone"})");
  ASSERT_TRUE(store->remove_queue("gone"));
  const auto response = get("/readyz", {{"verbose", ""}});
  EXPECT_EQ(response.status, 200U) << "a queue that does not work does not keep the others from working";
  EXPECT_EQ(response.content_type, "text/plain");
  EXPECT_EQ(
      response.body,
      "OK\nstore: ok\nqueue default: ok\nqueue mail: not_working: it is not here\nqueue gone: no_queue\n");
  EXPECT_EQ(get("/readyz").body, "OK");
}

TEST_F(Probes, ShowWhatTheDaemonIsShortOf) {
  enqueue(R"({"id":"a"})");
  settle(claim(), engine::Unstarted{.why = "no descriptors", .pause = base::milliseconds{1}});
  EXPECT_EQ(get("/readyz", {{"verbose", ""}}).body,
            "OK\nstore: ok\nqueue default: shortage: no descriptors\n");
  EXPECT_EQ(get("/readyz").body, "OK");
}

TEST_F(Probes, AreNotReadyWhileDraining) {
  api->drain();
  EXPECT_EQ(summary(get("/readyz")), "503 /problems/draining");
  EXPECT_EQ(get("/livez").status, 200U);
  EXPECT_EQ(get("/healthz").status, 200U);
}

TEST_F(Probes, AreAllThatIsAnsweredBeforeTheDaemonServesJobs) {
  RestoringStore restoring;
  api = std::make_unique<Api>(restoring, clock, random);
  const auto not_ready = get("/readyz", {{"verbose", ""}});
  EXPECT_EQ(summary(not_ready), "503 /problems/store-unavailable");
  EXPECT_EQ(nlohmann::json::parse(not_ready.body)["detail"], "restoring 2 of 3 jobs");
  EXPECT_EQ(get("/livez").body, "OK");
  EXPECT_EQ(get("/healthz").body, "OK");
  EXPECT_EQ(get("/problems/queue-full").status, 200U);
  EXPECT_EQ(get("/nowhere").status, 404U);
  for (const auto& route : api->routes()) {
    if (route.access == Access::probe || route.access == Access::open) continue;
    const auto path = std::regex_replace(std::string(route.pattern), std::regex(R"(\{[^}]*\})"), "a");
    const auto response = ask(route.method, path)->response();
    EXPECT_EQ(summary(response), "503 /problems/store-unavailable") << route.method << " " << path;
    EXPECT_EQ(nlohmann::json::parse(response.body)["detail"], "restoring 2 of 3 jobs") << path;
    EXPECT_THAT(response.headers, Contains(Pair("Retry-After", _))) << path;
  }
}

TEST_F(Probes, AreReadyOnceTheDaemonServesJobs) {
  api = std::make_unique<Api>(*store, clock, random);
  const auto not_ready = get("/readyz");
  EXPECT_EQ(summary(not_ready), "503 /problems/store-unavailable");
  EXPECT_EQ(nlohmann::json::parse(not_ready.body)["detail"], "the daemon is starting");
  EXPECT_EQ(enqueue(R"({"id":"a"})").status, 503U);
  api->serve();
  EXPECT_EQ(get("/readyz").status, 200U);
  EXPECT_EQ(get("/v1/jobs/a").status, 404U) << "what was refused was not taken";
  EXPECT_EQ(enqueue(R"({"id":"a"})").status, 202U);
}

TEST_F(Probes, AreNotReadyWhenTheStoreIsInTrouble) {
  TroubledStore troubled;
  api = std::make_unique<Api>(troubled, clock, random);
  api->serve();
  const auto response = get("/readyz");
  EXPECT_EQ(summary(response), "503 /problems/store-unavailable");
  EXPECT_EQ(nlohmann::json::parse(response.body)["detail"], "the disk is full");
  EXPECT_EQ(get("/livez").status, 200U);
}

}  // namespace jobqd::http
