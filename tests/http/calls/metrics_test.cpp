// GET /metrics, without what makes its text.

#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "http/calls/api_fixture.hpp"

namespace jobqd::http {

namespace {

/// Keeps its callers waiting until the test answers them.
class HeldText final : public MetricsText {
 public:
  void get(bool fresh, Done done) override {
    asked_fresh.push_back(fresh);
    waiting.push_back(std::move(done));
  }
  void answer(Text text) {
    for (auto& done : std::exchange(waiting, {})) done(text);
  }

  std::vector<bool> asked_fresh;
  std::vector<Done> waiting;
};

class Metrics : public ApiTest {
 protected:
  Metrics() {
    api = std::make_unique<Api>(*store, clock, random, &text);
    api->serve();
  }

  HeldText text;
};

}  // namespace

TEST_F(Metrics, AreShownInTheTypeThatPrometheusTakes) {
  const auto exchange = ask("GET", "/metrics", {}, {{"Accept", "application/openmetrics-text"}});
  EXPECT_FALSE(exchange->answered());
  text.answer(std::make_shared<const std::string>("a 1\n"));
  EXPECT_EQ(exchange->response().status, 200U);
  EXPECT_EQ(exchange->response().content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(exchange->response().body, "a 1\n");
}

TEST_F(Metrics, OfManyLinesComeInPieces) {
  const auto exchange = ask("GET", "/metrics");
  const std::string long_text(150'000, 'x');
  text.answer(std::make_shared<const std::string>(long_text));
  EXPECT_EQ(exchange->response().body, long_text);
  EXPECT_EQ(exchange->pieces(), 3);
}

TEST_F(Metrics, FitTheRoomThatThereIs) {
  room.now = 1;
  const auto exchange = ask("GET", "/metrics");
  text.answer(std::make_shared<const std::string>("abc"));
  EXPECT_EQ(exchange->response().body, "abc");
  EXPECT_EQ(exchange->pieces(), 3);
}

TEST_F(Metrics, AreFreshForThoseWhoAsk) {
  (void)ask("GET", "/metrics");
  (void)ask("GET", "/metrics", {}, {{"Cache-Control", "no-cache"}});
  EXPECT_EQ(text.asked_fresh, (std::vector{false, true}));
}

TEST_F(Metrics, WithoutMemoryAreAProblem) {
  const auto exchange = ask("GET", "/metrics");
  text.answer(nullptr);
  EXPECT_EQ(summary(exchange->response()), "503 /problems/out-of-memory");
}

TEST_F(Metrics, OfADaemonThatKeepsNoneAreNotThere) {
  api = std::make_unique<Api>(*store, clock, random);
  api->serve();
  EXPECT_EQ(summary(get("/metrics")), "404 /problems/not-found");
}

}  // namespace jobqd::http
