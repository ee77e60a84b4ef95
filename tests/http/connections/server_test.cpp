// Connections over a loopback socket: what a client may do and what it gets.

#include <string>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "http/connections/test_client.hpp"
#include "http/connections/test_server.hpp"

namespace jobqd::http {

namespace {

using namespace std::chrono_literals;

std::string get(std::string_view path, std::string_view fields = "") {
  return fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n{}\r\n", path, fields);
}

std::string post(std::string_view path, std::string_view body) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{}", path, body.size(), body);
}

class Connections : public testing::Test {
 protected:
  /// The body of the next answer.
  std::string body() {
    const auto answer = client.read_answer();
    return answer ? answer->body : "closed";
  }

  TestServer server;
  TestClient client{server.port()};
};

}  // namespace

TEST_F(Connections, AnswerARequest) {
  const auto answer = client.ask(get("/a?b"));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "GET /a ");
  EXPECT_EQ(answer->field("content-type"), "text/plain");
  EXPECT_EQ(answer->field("content-length"), "7");
  EXPECT_EQ(answer->field("connection"), "");
}

TEST_F(Connections, TellTheDate) {
  EXPECT_EQ(client.ask(get("/"))->field("date"), "Thu, 01 Jan 2026 00:00:00 GMT");
  EXPECT_NE(client.ask("\x01")->field("date"), "");
}

TEST_F(Connections, ServeOneRequestAfterTheOther) {
  for (int i = 0; i < 100; ++i) {
    const auto path = fmt::format("/{}", i);
    EXPECT_EQ(client.ask(get(path))->body, fmt::format("GET {} ", path));
  }
}

TEST_F(Connections, ServePipelinedRequestsInOrder) {
  std::string requests;
  for (int i = 0; i < 500; ++i)
    requests += i % 2 == 0 ? get(fmt::format("/{}", i)) : post(fmt::format("/{}", i), "body");
  client.send(requests);
  for (int i = 0; i < 500; ++i)
    ASSERT_EQ(body(), i % 2 == 0 ? fmt::format("GET /{} ", i) : fmt::format("POST /{} body", i));
}

TEST_F(Connections, ServePipelinedRequestsThatComeByteByByte) {
  for (const char c : get("/1") + post("/2", "x") + "\r\n" + get("/3")) client.send(std::string(1, c));
  EXPECT_EQ(body(), "GET /1 ");
  EXPECT_EQ(body(), "POST /2 x");
  EXPECT_EQ(body(), "GET /3 ");
}

TEST_F(Connections, KeepTheOrderOfAnswersThatTakeTime) {
  client.send(get("/1") + get("/hold") + get("/2"));
  EXPECT_EQ(body(), "GET /1 ");
  const auto exchange = server.held();
  EXPECT_FALSE(client.something_within(20ms));
  exchange->respond({.body = "held"});
  EXPECT_EQ(body(), "held");
  EXPECT_EQ(body(), "GET /2 ");
}

TEST_F(Connections, AreAnsweredFromAnyThread) {
  for (int i = 0; i < 50; ++i) {
    client.send(get("/hold") + get("/next"));
    std::jthread([exchange = server.held(), i] { exchange->respond({.body = fmt::to_string(i)}); }).join();
    EXPECT_EQ(body(), fmt::to_string(i));
    EXPECT_EQ(body(), "GET /next ");
  }
}

TEST_F(Connections, TakeChunkedBodies) {
  const std::string head = "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(client.ask(head + "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: t\r\n\r\n")->body,
            "POST /c hello world");
  EXPECT_EQ(client.ask(get("/next"))->body, "GET /next ");
}

TEST_F(Connections, TakeABodyOfTheLargestSize) {
  const std::string large(1024UL * 1024, 'x');
  const auto answer = client.ask(post("/", large));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body.size(), large.size() + 7);
}

TEST_F(Connections, InviteABodyThatIsHeldBack) {
  const auto interim =
      client.ask("POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_TRUE(interim.has_value());
  EXPECT_EQ(interim->status, 100);
  EXPECT_TRUE(interim->fields.empty());
  EXPECT_EQ(client.ask("hello")->body, "POST /e hello");
}

TEST_F(Connections, DoNotInviteABodyThatWillBeRefused) {
  const auto answer =
      client.ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(answer->status, 413);
  EXPECT_TRUE(client.at_end());
}

TEST_F(Connections, AnswerHeadWithoutABody) {
  const auto answer = client.ask("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->field("content-length"), "8");
  EXPECT_EQ(client.ask(get("/next"))->body, "GET /next ");
}

TEST_F(Connections, CloseIfTheClientAsksForIt) {
  const auto answer = client.ask(get("/", "Connection: close\r\n") + get("/never"));
  EXPECT_EQ(answer->field("connection"), "close");
  EXPECT_TRUE(client.at_end());
}

TEST_F(Connections, CloseIfTheHandlerAsksForIt) {
  client.send(get("/hold"));
  server.held()->respond({.body = "last", .close = true});
  EXPECT_EQ(client.read_answer()->field("connection"), "close");
  EXPECT_TRUE(client.at_end());
}

TEST_F(Connections, CloseAfterARequestOfHttp10) {
  EXPECT_EQ(client.ask("GET / HTTP/1.0\r\n\r\n")->field("connection"), "close");
  EXPECT_TRUE(client.at_end());
}

TEST_F(Connections, StayOpenForHttp10IfItAsks) {
  const std::string request = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  EXPECT_EQ(client.ask(request)->field("connection"), "keep-alive");
  EXPECT_EQ(client.ask(request)->body, "GET / ");
}

TEST_F(Connections, AnswerAClientThatSendsNoMore) {
  client.send(get("/1") + get("/2"));
  client.finish_sending();
  EXPECT_EQ(body(), "GET /1 ");
  EXPECT_EQ(body(), "GET /2 ");
  EXPECT_TRUE(client.at_end());
}

TEST_F(Connections, AnswerWhatIsNoRequestAndClose) {
  for (const auto* nonsense :
       {"\x16\x03\x01\x02\x00\x01", "GET / HTTP/1.1\nHost: h\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"}) {
    TestClient another(server.port());
    const auto answer = another.ask(nonsense);
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status, 400);
    EXPECT_EQ(answer->field("content-type"), "application/problem+json");
    EXPECT_EQ(answer->field("connection"), "close");
    EXPECT_TRUE(another.at_end());
  }
}

TEST_F(Connections, ServeNothingAfterWhatIsNoRequest) {
  client.send(get("/1") + "\x01" + get("/2"));
  EXPECT_EQ(body(), "GET /1 ");
  EXPECT_EQ(client.read_answer()->status, 400);
  EXPECT_TRUE(client.at_end());
}

TEST_F(Connections, DeliverTheRefusalToAClientThatIsStillSending) {
  const std::string much(8UL * 1024 * 1024, 'x');
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n");
  client.send(much);  // all of it is taken, and thrown away
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 413);
  EXPECT_EQ(nlohmann::json::parse(answer->body)["type"], "/problems/payload-too-large");
}

TEST_F(Connections, SurviveAHandlerThatThrows) {
  const auto answer = client.ask(get("/throw"));
  EXPECT_EQ(answer->status, 500);
  EXPECT_EQ(nlohmann::json::parse(answer->body)["type"], "/problems/internal");
  EXPECT_EQ(client.ask(get("/next"))->body, "GET /next ");
}

TEST_F(Connections, SurviveClientsThatVanish) {
  for (int i = 0; i < 50; ++i) {
    TestClient in_the_answer(server.port(), 4096);
    in_the_answer.send(get("/size/512") + get("/size/512"));
    in_the_answer.reset();
    TestClient in_the_request(server.port());
    in_the_request.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe");
    in_the_request.reset();
    TestClient before_the_answer(server.port());
    before_the_answer.send(get("/hold"));
    const auto exchange = server.held();
    before_the_answer.reset();
    exchange->respond({.body = "to nobody"});
  }
  EXPECT_EQ(client.ask(get("/"))->body, "GET / ");
}

/// For ThreadSanitizer: the server ends a connection, on its own thread, even if another one released it
/// last.
TEST_F(Connections, EndOnTheirOwnThread) {
  for (int i = 0; i < 10; ++i) {
    TestClient gone(server.port());
    gone.send(get("/hold"));
    auto exchange = server.held();
    exchange->respond({.body = "x", .close = true});
    ASSERT_TRUE(gone.read_answer());
    gone.reset();
    ASSERT_TRUE(client.ask(get("/")));  // The server has seen the end by now, more often than not.
  }
  // A sweep goes through all connections, and nothing sent before it puts the two threads in order.
  EXPECT_FALSE(client.something_within(600ms));
}

TEST_F(Connections, DeliverLargeAnswers) {
  client.send(get("/size/4096") + get("/size/1"));
  EXPECT_EQ(client.read_answer()->body.size(), 4096U * 1024);
  EXPECT_EQ(client.read_answer()->body.size(), 1024U);
}

}  // namespace jobqd::http
