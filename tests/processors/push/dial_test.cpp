#include "processors/push/dial.hpp"

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "support/patience.hpp"

namespace jobqd::processors::push {

namespace {

namespace asio = boost::asio;
namespace ip = asio::ip;
using ErrorCode = boost::system::error_code;
using base::milliseconds;

std::string ordered(const std::vector<std::string>& texts) {
  std::vector<ip::address> addresses;
  for (const auto& text : texts) addresses.push_back(ip::make_address(text));
  std::string all;
  for (const auto& address : in_dialling_order(addresses)) all += address.to_string() + ' ';
  return all;
}

/// A listening socket whose backlog is full: it neither takes nor refuses another connection, like an address
/// that packets never reach.
class SilentAddress {
 public:
  explicit SilentAddress(asio::io_context& io) : acceptor_(io) {
    acceptor_.open(ip::tcp::v4());
    acceptor_.bind({ip::address_v4::loopback(), 0});
    acceptor_.listen(0);
    for (int i = 0; i < 4; ++i) {
      auto& socket = fillers_.emplace_back(io);
      socket.open(ip::tcp::v4());
      socket.native_non_blocking(true);
      const auto to = endpoint();  // Asio's own connect() would wait.
      (void)::connect(socket.native_handle(), to.data(), static_cast<socklen_t>(to.size()));
    }
  }
  [[nodiscard]] ip::tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

 private:
  ip::tcp::acceptor acceptor_;
  std::vector<ip::tcp::socket> fillers_;
};

class DialTest : public testing::Test {
 protected:
  /// The port that was reached; 0: none, and error_ says why.
  std::uint16_t dial(std::vector<ip::tcp::endpoint> endpoints, milliseconds stagger) {
    std::uint16_t port = 0;
    Dial dial(io_, std::move(endpoints), stagger, [&](const ErrorCode& error, const ip::tcp::socket& socket) {
      ++answers_;
      error_ = error;
      if (!error) port = socket.remote_endpoint().port();
    });
    dial.start();
    io_.restart();
    io_.run_for(support::patience);
    EXPECT_EQ(answers_, 1);
    return port;
  }

  ip::tcp::endpoint refusing() {
    ip::tcp::acceptor gone(io_, {ip::address_v4::loopback(), 0});
    return gone.local_endpoint();
  }

  asio::io_context io_;
  ip::tcp::acceptor listening_{io_, {ip::address_v4::loopback(), 0}};
  SilentAddress silent_{io_};
  ErrorCode error_;
  int answers_ = 0;
};

}  // namespace

TEST(DiallingOrder, AlternatesTheFamiliesAndKeepsTheOrderWithinThem) {
  EXPECT_EQ(ordered({"127.0.0.1"}), "127.0.0.1 ");
  EXPECT_EQ(ordered({"::1", "::2", "::3", "1.0.0.1", "1.0.0.2"}), "::1 1.0.0.1 ::2 1.0.0.2 ::3 ");
  EXPECT_EQ(ordered({"1.0.0.1", "1.0.0.2", "::1"}), "1.0.0.1 ::1 1.0.0.2 ");
  EXPECT_EQ(ordered({"1.0.0.1", "1.0.0.2"}), "1.0.0.1 1.0.0.2 ");
}

TEST(DiallingOrder, HasABound) {
  std::vector<std::string> many(100, "1.0.0.1");
  many.emplace_back("::1");
  const auto all = ordered(many);
  EXPECT_EQ(std::ranges::count(all, ' '), 16);
  EXPECT_TRUE(all.starts_with("1.0.0.1 ::1 ")) << "the second family is among them";
}

TEST_F(DialTest, TakesTheFirstThatAnswers) {
  const auto working = listening_.local_endpoint();
  EXPECT_EQ(dial({working}, support::patience), working.port());
}

TEST_F(DialTest, TriesTheNextAtOnceWhereOneRefuses) {
  const auto working = listening_.local_endpoint();
  EXPECT_EQ(dial({refusing(), refusing(), working}, support::patience), working.port());
}

TEST_F(DialTest, DoesNotWaitForOneThatIsSilent) {
  const auto working = listening_.local_endpoint();
  EXPECT_EQ(dial({silent_.endpoint(), silent_.endpoint(), working}, milliseconds{1}), working.port());
}

TEST_F(DialTest, FailsOnlyOnceAllHaveFailed) {
  EXPECT_EQ(dial({refusing(), refusing()}, milliseconds{1}), 0);
  EXPECT_EQ(error_, asio::error::connection_refused);
}

TEST_F(DialTest, MayBeGivenUpAtAnyTime) {
  {
    Dial dial(io_, {silent_.endpoint(), silent_.endpoint()}, milliseconds{1},
              [](const ErrorCode&, const ip::tcp::socket&) { FAIL() << "it is given up"; });
    dial.start();
    io_.run_for(milliseconds{20});
    io_.stop();
  }
}

}  // namespace jobqd::processors::push
