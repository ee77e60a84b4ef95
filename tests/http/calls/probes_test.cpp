// The health probes, over a real store.

#include <gtest/gtest.h>

#include "http/calls/api_fixture.hpp"
#include "support/stub_store.hpp"

namespace jobqd::http {

namespace {

class Probes : public ApiTest {};

class TroubledStore : public support::StubStore {
 public:
  std::string trouble() const override { return "the disk is full"; }
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

TEST_F(Probes, AreNotReadyWhileDraining) {
  api->drain();
  EXPECT_EQ(summary(get("/readyz")), "503 /problems/draining");
  EXPECT_EQ(get("/livez").status, 200U);
  EXPECT_EQ(get("/healthz").status, 200U);
}

TEST_F(Probes, AreNotReadyWhenTheStoreIsInTrouble) {
  TroubledStore troubled;
  api = std::make_unique<Api>(troubled, clock, random);
  const auto response = get("/readyz");
  EXPECT_EQ(summary(response), "503 /problems/store-unavailable");
  EXPECT_EQ(nlohmann::json::parse(response.body)["detail"], "the disk is full");
  EXPECT_EQ(get("/livez").status, 200U);
}

}  // namespace jobqd::http
