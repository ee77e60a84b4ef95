// How serving ends.

#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <jobqd/http/server.hpp>
#include <jobqd/stores/embedded_store.hpp>

#include "http/connections/test_client.hpp"
#include "http/connections/test_server.hpp"
#include "support/attempts.hpp"
#include "support/jobs.hpp"
#include "support/patience.hpp"

namespace jobqd::http {

namespace {

using namespace std::chrono_literals;

std::string get(std::string_view path) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n\r\n", path);
}

/// A connection that has been served.
std::unique_ptr<TestClient> client_of(std::uint16_t port) {
  auto client = std::make_unique<TestClient>(port);
  EXPECT_EQ(client->ask(get("/livez"))->status, 200);
  return client;
}

/// The client closes, because the server would linger otherwise: its clock stands still.
void end(TestServer& server, std::unique_ptr<TestClient> client) {
  client.reset();
  server.join();
}

/// The server as the app has it, over a store in memory.
class TheServer : public testing::Test {
 protected:
  TheServer() {
    EXPECT_TRUE(server.listen(Port::open("127.0.0.1", 0).value()).has_value());
    port = server.port();
    server.start();
    server.serve();
    store->submit({support::new_job("a")}, [](const auto& submitted) { EXPECT_TRUE(submitted.has_value()); });
  }

  support::ManualClock clock;
  base::Random random{1};
  engine::Observer observer;
  std::unique_ptr<engine::Store> store =
      stores::open_memory_store({}, {.clock = clock, .random = random, .observer = observer});
  Server server{{}, *store, clock, random};
  std::uint16_t port = 0;
};

}  // namespace

TEST(Stopping, ClosesIdleConnectionsAtOnce) {
  TestServer server;
  const auto client = client_of(server.port());
  server.request_stop(std::chrono::hours{1});
  EXPECT_TRUE(client->at_end());
  server.join();
}

TEST(Stopping, AcceptsNoMoreConnections) {
  TestServer server;
  server.request_stop(std::chrono::hours{1});
  server.join();
  EXPECT_THROW(TestClient{server.port()}, std::runtime_error);
}

TEST(Stopping, LetsARequestBeAnswered) {
  TestServer server;
  auto client = client_of(server.port());
  client->send(get("/hold") + get("/never"));
  auto exchange = server.held();
  server.request_stop(std::chrono::hours{1});
  EXPECT_FALSE(client->something_within(50ms));
  exchange->respond({.body = "done"});
  exchange.reset();
  const auto answer = client->read_answer();
  EXPECT_EQ(answer->body, "done");
  EXPECT_EQ(answer->field("connection"), "close");
  EXPECT_TRUE(client->at_end());
  end(server, std::move(client));
}

TEST(Stopping, LosesNoAnswerThatIsAboutToBeSent) {
  for (int round = 0; round < 50; ++round) {
    TestServer server;
    auto client = client_of(server.port());
    client->send(get("/hold"));
    server.held()->respond({.body = "just in time"});
    server.request_stop(10s);
    const auto answer = client->read_answer();
    ASSERT_TRUE(answer.has_value()) << "round " << round;
    EXPECT_EQ(answer->body, "just in time");
    end(server, std::move(client));
  }
}

TEST(Stopping, LetsARequestBeSentToItsEnd) {
  TestServer server;
  auto client = client_of(server.port());
  client->send(get("/first") + "GET /second HTTP/1.1\r\nHost");
  EXPECT_EQ(client->read_answer()->body, "GET /first ");
  server.request_stop(std::chrono::hours{1});
  EXPECT_EQ(client->ask(": h\r\n\r\n")->body, "GET /second ");
  EXPECT_TRUE(client->at_end());
  end(server, std::move(client));
}

TEST(Stopping, AnswersWaitingRequests) {
  TestServer server;
  auto client = client_of(server.port());
  client->send(get("/first") + get("/wait"));
  EXPECT_EQ(client->read_answer()->body, "GET /first ");
  server.request_stop(std::chrono::hours{1});
  EXPECT_EQ(client->read_answer()->body, "waited");
  EXPECT_TRUE(client->at_end());
  end(server, std::move(client));
}

TEST(Stopping, LetsNoRequestBeginToWait) {
  TestServer server;
  auto client = client_of(server.port());
  const auto holder = client_of(server.port());
  client->send(get("/first") + "GET /wait HTTP/1.1\r\nHost");
  EXPECT_EQ(client->read_answer()->body, "GET /first ");
  server.request_stop(std::chrono::hours{1});
  EXPECT_TRUE(holder->at_end()) << "it has begun to stop";
  EXPECT_EQ(client->ask(": h\r\n\r\n")->body, "waited");
  EXPECT_TRUE(client->at_end());
  end(server, std::move(client));
}

TEST(Stopping, WaitsForNoConnectionLongerThanTheGrace) {
  TestServer server;
  const auto sending = client_of(server.port());
  sending->send(get("/first") + "GET /second HTTP/1.1\r\nHost");
  EXPECT_EQ(sending->read_answer()->body, "GET /first ");
  TestClient reading(server.port(), 4096);
  reading.send(get("/size/16384"));
  EXPECT_TRUE(reading.something_within(support::patience));
  server.request_stop(5s);
  EXPECT_FALSE(sending->something_within(50ms));
  server.clock.advance(5s);
  server.join();
  EXPECT_TRUE(sending->at_end());
}

TEST(Stopping, LeavesNoExchangeBehind) {
  TestServer server;
  auto client = client_of(server.port());
  client->send(get("/hold"));
  auto exchange = server.held();
  server.request_stop(0s);
  EXPECT_TRUE(client->at_end());
  exchange->respond({.body = "to nobody"});
  exchange.reset();
  end(server, std::move(client));
}

TEST_F(TheServer, ServesTheApi) {
  TestClient client(port);
  EXPECT_EQ(client.ask(get("/healthz"))->body, "OK");
  EXPECT_EQ(nlohmann::json::parse(client.ask(get("/v1/jobs/a"))->body)["status"], "queued");
}

TEST_F(TheServer, IsNotReadyWhileItDrainsButServes) {
  TestClient client(port);
  EXPECT_EQ(client.ask(get("/readyz"))->status, 200);
  server.drain();
  EXPECT_EQ(client.ask(get("/readyz"))->status, 503);
  EXPECT_EQ(client.ask(get("/v1/jobs/a"))->status, 200);
}

TEST_F(TheServer, AnswersAWaitWhenTheJobEnds) {
  TestClient client(port);
  client.send(get("/healthz") + get("/v1/jobs/a?wait=60s"));
  EXPECT_EQ(client.read_answer()->body, "OK");
  support::Patience patience;
  const auto claim = support::claim(*store, "default");
  ASSERT_TRUE(claim.has_value());
  ASSERT_TRUE(support::settle(*store, *claim, engine::Done{}));
  EXPECT_EQ(nlohmann::json::parse(client.read_answer()->body)["status"], "done");
}

TEST_F(TheServer, AnswersAWaitWhenItsTimeIsUp) {
  TestClient client(port);
  EXPECT_EQ(nlohmann::json::parse(client.ask(get("/v1/jobs/a?wait=1ms"))->body)["status"], "queued");
  EXPECT_EQ(nlohmann::json::parse(client.ask(get("/v1/jobs/a?wait=0s"))->body)["status"], "queued");
}

TEST_F(TheServer, AnswersAWaitWhenItStops) {
  auto client = std::make_unique<TestClient>(port);
  client->send(get("/healthz") + get("/v1/jobs/a?wait=60s"));
  EXPECT_EQ(client->read_answer()->body, "OK");
  server.request_stop(std::chrono::hours{1});
  EXPECT_EQ(nlohmann::json::parse(client->read_answer()->body)["status"], "queued");
  EXPECT_TRUE(client->at_end());
  client.reset();
  server.join();
}

TEST_F(TheServer, MayBeStoppedAnyNumberOfTimes) {
  server.request_stop(0s);
  server.request_stop(0s);
  server.join();
  server.join();
  server.request_stop(0s);
}

TEST_F(TheServer, RefusesAPortThatIsTaken) {
  const auto another = Port::open("127.0.0.1", port);
  ASSERT_FALSE(another.has_value());
  EXPECT_EQ(another.error(), fmt::format("cannot listen on 127.0.0.1:{}: Address already in use", port));
}

TEST_F(TheServer, ServesThoseWhoConnectedBeforeItWasThere) {
  auto early = Port::open("127.0.0.1", 0);
  ASSERT_TRUE(early.has_value()) << early.error();
  TestClient client(early->number());
  client.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n");
  Server another({}, *store, clock, random);
  const auto number = early->number();
  ASSERT_TRUE(another.listen(*std::move(early)).has_value());
  EXPECT_EQ(another.port(), number);
  another.start();
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 200);
}

TEST_F(TheServer, FreesAPortThatItNeverTook) {
  std::uint16_t number = 0;
  {
    const auto early = Port::open("127.0.0.1", 0);
    ASSERT_TRUE(early.has_value()) << early.error();
    number = early->number();
    EXPECT_FALSE(Port::open("127.0.0.1", number).has_value());
  }
  EXPECT_TRUE(Port::open("127.0.0.1", number).has_value());
}

TEST_F(TheServer, RefusesAnAddressThatIsNone) {
  EXPECT_FALSE(Port::open("1.2.3.400", 0).has_value());
}

TEST_F(TheServer, MayBeStoppedWithoutHavingBeenStarted) {
  Server another({}, *store, clock, random);
  another.request_stop(0s);
  another.join();
  Server listening({}, *store, clock, random);
  EXPECT_TRUE(listening.listen(Port::open("127.0.0.1", 0).value()).has_value());
}

TEST_F(TheServer, ListensOnIpv6Too) {
  auto loopback = Port::open("::1", 0);
  if (!loopback) GTEST_SKIP() << "this machine has no IPv6: " << loopback.error();
  Server another({}, *store, clock, random);
  ASSERT_TRUE(another.listen(*std::move(loopback)).has_value());
  EXPECT_NE(another.port(), 0);
}

}  // namespace jobqd::http
