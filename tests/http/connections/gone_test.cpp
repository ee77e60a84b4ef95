// Clients that go away, or only end their side, while a handler waits.

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

/// Lets every request that is not for /now wait for an hour, or until it is answered, or its wait is ended.
class Waiting {
 public:
  void handle(const Request& request, ExchangePtr exchange) {
    if (request.path == "/now") return exchange->respond({.body = "now"});
    exchange->after(std::chrono::hours{1}, [this] {
      const std::scoped_lock lock(mutex_);
      if (const auto over = std::exchange(waiting_, {})) over->respond({.body = "nothing came"});
      ended_ = true;
      changed_.notify_all();
    });
    const std::scoped_lock lock(mutex_);
    waiting_ = std::move(exchange);
    ended_ = false;
    changed_.notify_all();
  }

  void wait_until_it_waits() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, support::patience, [this] { return waiting_ != nullptr; }));
  }
  [[nodiscard]] bool ended_within(base::milliseconds time) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, time, [this] { return ended_; });
  }
  void answer() {
    const std::scoped_lock lock(mutex_);
    std::exchange(waiting_, {})->respond({.body = "it came"});
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  ExchangePtr waiting_;
  bool ended_ = false;
};

class Gone : public testing::Test {
 protected:
  static constexpr auto wait = "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n";
  static constexpr auto now = "GET /now HTTP/1.1\r\nHost: h\r\n\r\n";

  Waiting waiting;
  TestServer server{{.max_connections = 2}, [this](Request& request, ExchangePtr exchange) {
                      waiting.handle(request, std::move(exchange));
                    }};
  std::unique_ptr<TestClient> client = std::make_unique<TestClient>(server.port());

  void begin_to_wait() {
    client->send(wait);
    waiting.wait_until_it_waits();
  }
};

}  // namespace

TEST_F(Gone, AClientThatClosesEndsItsWait) {
  begin_to_wait();
  client.reset();
  EXPECT_TRUE(waiting.ended_within(support::patience));
}

TEST_F(Gone, AClientThatResetsEndsItsWait) {
  begin_to_wait();
  client->reset();
  EXPECT_TRUE(waiting.ended_within(support::patience));
}

TEST_F(Gone, AClientThatHadSentSomethingBeforeEndsItsWait) {
  client->send(std::string(now) + wait);
  EXPECT_EQ(client->read_answer()->body, "now");
  waiting.wait_until_it_waits();
  client.reset();
  EXPECT_TRUE(waiting.ended_within(support::patience));
}

TEST_F(Gone, AClientThatHasSentMoreEndsItsWait) {
  std::string requests = wait;
  for (int i = 0; i < 1000; ++i) requests += now;
  client->send(requests);
  waiting.wait_until_it_waits();
  client->reset();
  EXPECT_TRUE(waiting.ended_within(support::patience));
}

TEST_F(Gone, AClientThatHalfClosesIsAnsweredAtOnce) {
  client->send(std::string(wait) + now);
  waiting.wait_until_it_waits();
  client->finish_sending();
  EXPECT_EQ(client->read_answer()->body, "nothing came");
  EXPECT_EQ(client->read_answer()->body, "now");
  EXPECT_TRUE(client->at_end());
}

TEST_F(Gone, ClientsGiveUpTheirPlaces) {
  const TestClient bystander(server.port());
  for (int i = 0; i < 20; ++i) {
    client->send(wait);
    waiting.wait_until_it_waits();
    client->reset();
    ASSERT_TRUE(waiting.ended_within(support::patience));
    client = std::make_unique<TestClient>(server.port());
    ASSERT_EQ(client->ask(now)->status, 200) << i;
  }
}

TEST_F(Gone, AClientThatStaysIsAnswered) {
  begin_to_wait();
  EXPECT_FALSE(waiting.ended_within(50ms));
  waiting.answer();
  EXPECT_EQ(client->read_answer()->body, "it came");
}

TEST_F(Gone, AConnectionServesOnAfterAWait) {
  for (int i = 0; i < 3; ++i) {
    begin_to_wait();
    waiting.answer();
    EXPECT_EQ(client->read_answer()->body, "it came");
    EXPECT_EQ(client->ask(now)->body, "now");
  }
  begin_to_wait();
  client.reset();
  EXPECT_TRUE(waiting.ended_within(support::patience));
}

TEST_F(Gone, WhatAClientSendsMeanwhileIsServedInItsTurn) {
  begin_to_wait();
  client->send(now);
  EXPECT_FALSE(waiting.ended_within(50ms));
  waiting.answer();
  EXPECT_EQ(client->read_answer()->body, "it came");
  EXPECT_EQ(client->read_answer()->body, "now");
}

TEST_F(Gone, AnAnsweredClientMayGo) {
  begin_to_wait();
  waiting.answer();
  EXPECT_EQ(client->read_answer()->body, "it came");
  client.reset();
  EXPECT_FALSE(waiting.ended_within(50ms));
}

}  // namespace jobqd::http
