// Answers that come in pieces, over a loopback socket.

#include <atomic>
#include <charconv>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "http/connections/test_client.hpp"
#include "http/connections/test_server.hpp"

namespace jobqd::http {

namespace {

using namespace std::chrono_literals;

/// Answers each request with as many pieces of 64 KiB as its path says, each on a thread of its own.
class Pieces : public std::enable_shared_from_this<Pieces> {
 public:
  Pieces(ExchangePtr exchange, int pieces, std::atomic<int>& produced)
      : exchange_(std::move(exchange)), left_(pieces), produced_(produced) {}

  void start() {
    exchange_->begin({.content_type = "text/plain", .body = "first;"});
    ask();
  }

 private:
  void ask() {
    exchange_->when_room([self = shared_from_this()](Room room) {
      EXPECT_GT(room.now, 0U);
      std::jthread([self] { self->produce(); }).join();
    });
  }

  void produce() {
    ++produced_;
    exchange_->write(std::string(64UL * 1024, 'x'));
    if (--left_ > 0) return ask();
    exchange_->end();
  }

  ExchangePtr exchange_;
  int left_;
  std::atomic<int>& produced_;
};

class Streaming : public testing::Test {
 protected:
  std::atomic<int> produced{0};
  TestServer server{{}, [this](Request& request, ExchangePtr exchange) {
                      if (request.path == "/now") return exchange->respond({.body = "now"});
                      int pieces = 0;
                      std::from_chars(request.path.data() + 1, request.path.data() + request.path.size(),
                                      pieces);
                      std::make_shared<Pieces>(std::move(exchange), pieces, produced)->start();
                    }};
  TestClient client{server.port(), 4096};

  static std::string body_of(std::size_t pieces) { return "first;" + std::string(pieces * 64 * 1024, 'x'); }
};

}  // namespace

TEST_F(Streaming, SendsAllPiecesInOrder) {
  const auto answer = client.ask("GET /20 HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->field("transfer-encoding"), "chunked");
  EXPECT_EQ(answer->field("content-length"), "");
  EXPECT_EQ(answer->body, body_of(20));
}

TEST_F(Streaming, ServesTheNextRequestAfterIt) {
  client.send("GET /2 HTTP/1.1\r\nHost: h\r\n\r\nGET /now HTTP/1.1\r\nHost: h\r\n\r\n");
  const auto answer = client.read_answer();
  EXPECT_EQ(answer->body, body_of(2));
  EXPECT_EQ(answer->field("content-length"), std::to_string(body_of(2).size())) << "it is short";
  EXPECT_EQ(client.read_answer()->body, "now");
}

TEST_F(Streaming, EndsWithTheConnectionForHttp10) {
  client.send("GET /20 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const auto all = client.read_to_end();
  EXPECT_FALSE(all.contains("Transfer-Encoding"));
  EXPECT_TRUE(all.contains("\r\nConnection: close\r\n"));
  EXPECT_TRUE(all.ends_with("\r\n\r\n" + body_of(20)));
}

TEST_F(Streaming, GivesHeadNoBody) {
  client.send("HEAD /20 HTTP/1.1\r\nHost: h\r\n\r\nGET /now HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.read_answer(true)->field("transfer-encoding"), "chunked");
  EXPECT_EQ(client.read_answer()->body, "now");
}

TEST_F(Streaming, ProducesNoMoreThanTheClientReads) {
  const TestClient bystander(server.port());
  client.send("GET /1000 HTTP/1.1\r\nHost: h\r\n\r\n");
  int before = -1;
  while (before != produced) {
    before = produced;
    EXPECT_FALSE(bystander.something_within(300ms));
  }
  EXPECT_LT(before, 200) << "what the kernel holds is a few MiB";
  EXPECT_EQ(client.read_answer()->body, body_of(1000));
}

}  // namespace jobqd::http
