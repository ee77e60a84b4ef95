// How the server notices that a client does not wait any more.

#include <condition_variable>
#include <memory>
#include <mutex>

#include <gtest/gtest.h>

#include "http/connections/test_client.hpp"
#include "http/connections/test_server.hpp"
#include "support/patience.hpp"

namespace jobqd::http {

namespace {

using namespace std::chrono_literals;

/// Holds every request that is not for /now, until it is answered or its client is gone.
class Holding {
 public:
  void handle(const Request& request, ExchangePtr exchange) {
    if (request.path == "/now") return exchange->respond({.body = "now"});
    exchange->when_gone([this] {
      const std::scoped_lock lock(mutex_);
      held_.reset();
      gone_ = true;
      changed_.notify_all();
    });
    const std::scoped_lock lock(mutex_);
    held_ = std::move(exchange);
    changed_.notify_all();
  }

  void wait_until_held() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, support::patience, [this] { return held_ != nullptr; }));
  }
  [[nodiscard]] bool gone_within(base::milliseconds time) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, time, [this] { return gone_; });
  }
  void answer() {
    const std::scoped_lock lock(mutex_);
    std::exchange(held_, {})->respond({.body = "held"});
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  ExchangePtr held_;
  bool gone_ = false;
};

class Gone : public testing::Test {
 protected:
  Holding holding;
  TestServer server{
      {}, [this](Request& request, ExchangePtr exchange) { holding.handle(request, std::move(exchange)); }};
  std::unique_ptr<TestClient> client = std::make_unique<TestClient>(server.port());

  void hold() {
    client->send("GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
    holding.wait_until_held();
  }
  std::string ask_now() { return client->ask("GET /now HTTP/1.1\r\nHost: h\r\n\r\n")->body; }
};

}  // namespace

TEST_F(Gone, AClientThatClosesIsNoticed) {
  hold();
  client.reset();
  EXPECT_TRUE(holding.gone_within(support::patience));
}

TEST_F(Gone, AClientThatResetsIsNoticed) {
  hold();
  client->reset();
  EXPECT_TRUE(holding.gone_within(support::patience));
}

TEST_F(Gone, AClientThatWaitsIsAnswered) {
  hold();
  EXPECT_FALSE(holding.gone_within(50ms));
  holding.answer();
  EXPECT_EQ(client->read_answer()->body, "held");
}

TEST_F(Gone, AConnectionServesOnAfterIt) {
  for (int i = 0; i < 3; ++i) {
    hold();
    holding.answer();
    EXPECT_EQ(client->read_answer()->body, "held");
    EXPECT_EQ(ask_now(), "now");
  }
  hold();
  client.reset();
  EXPECT_TRUE(holding.gone_within(support::patience));
}

TEST_F(Gone, WhatAClientSendsMeanwhileIsServedInItsTurn) {
  hold();
  client->send("GET /now HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_FALSE(holding.gone_within(50ms));
  holding.answer();
  EXPECT_EQ(client->read_answer()->body, "held");
  EXPECT_EQ(client->read_answer()->body, "now");
}

TEST_F(Gone, AnAnsweredClientMayGo) {
  hold();
  holding.answer();
  EXPECT_EQ(client->read_answer()->body, "held");
  client.reset();
  EXPECT_FALSE(holding.gone_within(50ms));
}

}  // namespace jobqd::http
