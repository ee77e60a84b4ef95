// Connections that are too many or too slow.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "http/connections/test_client.hpp"
#include "http/connections/test_server.hpp"

namespace jobqd::http {

namespace {

using namespace std::chrono_literals;

const std::string request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view half_a_head = "GET / HTTP/1.1\r\nHo";
constexpr std::string_view half_a_body = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe";

std::string type_of(const Answer& answer) {
  return nlohmann::json::parse(answer.body).at("type").get<std::string>();
}

/// The header is due within 10 s, the body within 30 s, a new request within 60 s, and an answer is read
/// within 30 s.
class Timeouts : public testing::Test {
 protected:
  Timeouts() { EXPECT_EQ(client.ask(request)->status, 200); }

  /// Lets time pass, in six steps, until the client gets something or `longest` has passed. The connection's
  /// clock may start late, when the server gets to see what the client has sent: so tests leave
  /// room.
  bool hears_within(base::milliseconds longest, const std::function<void()>& meanwhile = [] {}) {
    for (int step = 0; step < 6; ++step) {
      server.clock.advance(longest / 6);
      meanwhile();
      if (client.something_within(300ms)) return true;  // the server looks at its clock four times a second
    }
    return false;
  }

  TestServer server;
  TestClient client{server.port()};
};

/// A client that reads nothing: everything between it and the server is full soon.
class SlowReaders : public testing::Test {
 protected:
  /// The kernel buffers less than this of an answer that is not read.
  static constexpr auto large = "GET /size/16384 HTTP/1.1\r\nHost: h\r\n\r\n";

  /// Lets a minute pass, in which the server has to close. Returns what it had sent by then.
  std::string sent_until_closed() {
    for (int step = 0; step < 6; ++step) {
      server.clock.advance(10s);
      if (bystander.something_within(300ms)) ADD_FAILURE() << "the bystander was closed";
      keep_the_bystander_busy();
    }
    return client.read_to_end();
  }

  void keep_the_bystander_busy() { EXPECT_EQ(bystander.ask(request)->status, 200); }

  TestServer server{{.idle_timeout = std::chrono::hours{1}}};
  TestClient client{server.port(), 4096};
  TestClient bystander{server.port()};
};

}  // namespace

TEST_F(Timeouts, EndASlowHeader) {
  client.send(half_a_head);
  ASSERT_TRUE(hears_within(30s));
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 408);
  EXPECT_EQ(type_of(*answer), "/problems/request-timeout");
  EXPECT_EQ(answer->field("connection"), "close");
  EXPECT_TRUE(client.at_end());
}

TEST_F(Timeouts, EndAHeaderThatTrickles) {
  std::string rest = "Host: h\r\nX: " + std::string(100, 'x');
  client.send("GET / HTTP/1.1\r\n");
  std::size_t sent = 0;
  ASSERT_TRUE(hears_within(30s, [&] { client.send(rest.substr(sent++, 1)); }));
  EXPECT_EQ(client.read_answer()->status, 408);
}

TEST_F(Timeouts, GiveAHeaderItsTime) {
  client.send(half_a_head);
  EXPECT_FALSE(hears_within(9s));
  EXPECT_EQ(client.ask("st: h\r\n\r\n")->status, 200);
}

TEST_F(Timeouts, EndASlowBody) {
  client.send(half_a_body);
  ASSERT_TRUE(hears_within(60s));
  EXPECT_EQ(client.read_answer()->status, 408);
  EXPECT_TRUE(client.at_end());
}

TEST_F(Timeouts, EndABodyThatTrickles) {
  client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  ASSERT_TRUE(hears_within(60s, [&] { client.send("1;a=b\r\nx\r\n"); }));
  EXPECT_EQ(client.read_answer()->status, 408);
}

TEST_F(Timeouts, GiveABodyItsTime) {
  client.send(half_a_body);
  EXPECT_FALSE(hears_within(29s));
  EXPECT_EQ(client.ask("llo")->status, 200);
}

TEST_F(Timeouts, EndAnIdleConnectionWithoutAWord) {
  ASSERT_TRUE(hears_within(180s));
  EXPECT_TRUE(client.at_end());
}

TEST_F(Timeouts, StartAgainWithEveryRequest) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(hears_within(9s));
    EXPECT_EQ(client.ask(request)->status, 200);
  }
}

TEST_F(Timeouts, DoNotCountWhileARequestIsHandled) {
  client.send("GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
  const auto exchange = server.held();
  server.clock.advance(std::chrono::hours{1});
  EXPECT_FALSE(client.something_within(600ms));
  exchange->respond({.body = "at last"});
  EXPECT_EQ(client.read_answer()->body, "at last");
}

TEST_F(SlowReaders, AreClosed) {
  client.send(large);
  EXPECT_LT(sent_until_closed().size(), 16384U * 1024);
}

TEST_F(SlowReaders, AreClosedWhileAnAnswerIsHeldBehindOneThatIsStuck) {
  // Small answers in front of held ones: at some pair everything is full, and the held answer finds a write
  // under way.
  std::string pairs;
  for (int i = 0; i < 1000; ++i)
    pairs += "GET /size/48 HTTP/1.1\r\nHost: h\r\n\r\nGET /hold HTTP/1.1\r\nHost: h\r\n\r\n";
  pairs += half_a_head;
  client.send(pairs);
  do server.held()->respond({.body = "x"});
  while (server.holds_one_within(500ms));
  EXPECT_FALSE(sent_until_closed().contains("HTTP/1.1 408"));
}

TEST_F(SlowReaders, DoNotDelayOtherClients) {
  client.send(large);
  for (int i = 0; i < 100; ++i) keep_the_bystander_busy();
}

TEST_F(SlowReaders, OfPipelinedRequestsMakeTheServerReadNoMore) {
  client.be_patient_for(500ms);
  std::string requests;
  for (int i = 0; i < 1000; ++i) requests += large;
  std::size_t taken = 0;
  while (taken < 100'000'000 && client.send(requests)) taken += requests.size();
  EXPECT_LT(taken, 100'000'000U);
  keep_the_bystander_busy();
}

TEST(Idling, DoesNotBeginAnewWithEveryEmptyLine) {
  TestServer server;
  TestClient client(server.port());
  bool closed = false;
  for (int seconds = 0; seconds < 80 && !closed; seconds += 10) {
    client.send("\r\n");
    server.clock.advance(10s);
    closed = client.something_within(300ms);
  }
  EXPECT_TRUE(closed);
  EXPECT_TRUE(client.at_end());
}

TEST(ManyConnections, AreRefusedAndClosed) {
  TestServer server({.max_connections = 3});
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<TestClient>(server.port()));
    ASSERT_EQ(clients.back()->ask(request)->status, 200);
  }
  for (int i = 0; i < 10; ++i) {
    TestClient one_too_many(server.port());
    const auto answer = one_too_many.ask(request);
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status, 503);
    EXPECT_EQ(type_of(*answer), "/problems/too-many-connections");
    EXPECT_NE(answer->field("retry-after"), "");
    EXPECT_EQ(answer->field("connection"), "close");
    EXPECT_TRUE(one_too_many.at_end());
  }
  for (const auto& client : clients) EXPECT_EQ(client->ask(request)->status, 200);
}

TEST(ManyConnections, DoNotKeepProbesOut) {
  TestServer server({.max_connections = 1});
  TestClient client(server.port());
  ASSERT_EQ(client.ask(request)->status, 200);
  for (int i = 0; i < 3; ++i) {
    TestClient probe(server.port());
    const auto answer = probe.ask("GET /probe HTTP/1.1\r\nHost: h\r\n\r\n" + request);
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->field("connection"), "close");
    EXPECT_TRUE(probe.at_end());
  }
}

TEST(ManyConnections, DoNotIdleBeyondTheLimit) {
  TestServer server({.max_connections = 1});
  TestClient client(server.port());
  ASSERT_EQ(client.ask(request)->status, 200);
  TestClient silent(server.port());
  EXPECT_FALSE(silent.something_within(300ms));
  server.clock.advance(11s);
  EXPECT_EQ(silent.read_answer()->status, 408);
  EXPECT_TRUE(silent.at_end());
  EXPECT_EQ(client.ask(request)->status, 200);
}

TEST(ManyConnections, ComeInAgainWhenOthersHaveGone) {
  TestServer server({.max_connections = 1});
  for (int i = 0; i < 20; ++i) {
    TestClient client(server.port());
    auto answer = client.ask(request);
    // The server may not have noticed yet that the previous one has gone.
    for (int tries = 0; tries < 1000 && (!answer || answer->status == 503); ++tries) {
      TestClient again(server.port());
      answer = again.ask(request);
    }
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status, 200);
  }
}

TEST(ManyConnections, FarBeyondTheLimitAreJustClosed) {
  TestServer server({.max_connections = 2});
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 200; ++i) clients.push_back(std::make_unique<TestClient>(server.port()));
  int told = 0;
  int closed = 0;
  for (std::size_t i = 2; i < clients.size(); ++i) {
    const auto answer = clients[i]->ask(request);
    ++(answer ? told : closed);
    EXPECT_TRUE(!answer || answer->status == 503);
  }
  EXPECT_GE(told, 64);
  EXPECT_EQ(told + closed, 198);
  EXPECT_EQ(clients[0]->ask(request)->status, 200);
  EXPECT_EQ(clients[1]->ask(request)->status, 200);
}

}  // namespace jobqd::http
