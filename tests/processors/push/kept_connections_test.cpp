#include "processors/push/kept_connections.hpp"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "support/manual_clock.hpp"

namespace jobqd::processors::push {

namespace {

using base::milliseconds;

/// Says whether it is quiet, and when it is gone.
class FakeConnection final : public Connection {
 public:
  FakeConnection(base::SteadyTime opened_at, std::atomic<int>& open, bool quiet = true)
      : Connection(opened_at), open_(open), quiet_(quiet) {
    ++open_;
  }
  ~FakeConnection() override { --open_; }

  std::expected<void, Failure> open(const std::vector<boost::asio::ip::address>&, const AddressGuard&,
                                    milliseconds, const std::stop_token&) override {
    return {};
  }
  std::expected<Answer, NoAnswer> send(const Delivery&, milliseconds, const std::stop_token&) override {
    return Answer{};
  }
  bool is_reusable() const override { return true; }
  bool is_quiet() override { return quiet_; }

 private:
  std::atomic<int>& open_;
  const bool quiet_;
};

class KeptConnectionsTest : public testing::Test {
 protected:
  void keep(bool quiet = true) {
    kept_.keep(std::make_unique<FakeConnection>(clock_.now().steady, open_, quiet));
  }

  support::ManualClock clock_;
  std::atomic<int> open_ = 0;
  KeptConnections kept_{clock_};
};

}  // namespace

TEST_F(KeptConnectionsTest, GivesBackWhatWasKeptLast) {
  keep();
  auto second = std::make_unique<FakeConnection>(clock_.now().steady, open_);
  const auto* expected = second.get();
  kept_.keep(std::move(second));
  EXPECT_EQ(kept_.take().get(), expected);
  EXPECT_NE(kept_.take(), nullptr);
  EXPECT_EQ(kept_.take(), nullptr);
}

TEST_F(KeptConnectionsTest, GivesUpWhatWasIdleForTooLong) {
  keep();
  clock_.advance(KeptConnections::longest_idle - milliseconds{1});
  auto connection = kept_.take();
  ASSERT_NE(connection, nullptr);
  kept_.keep(std::move(connection));
  clock_.advance(KeptConnections::longest_idle);
  EXPECT_EQ(kept_.take(), nullptr);
  EXPECT_EQ(open_, 0);
}

TEST_F(KeptConnectionsTest, GivesUpWhatIsTooOldHoweverBusyItWas) {
  keep();
  for (milliseconds age{0}; age < KeptConnections::longest_age; age += milliseconds{500}) {
    auto connection = kept_.take();
    ASSERT_NE(connection, nullptr) << age.count();
    clock_.advance(milliseconds{500});
    kept_.keep(std::move(connection));
  }
  EXPECT_EQ(kept_.take(), nullptr);
}

TEST_F(KeptConnectionsTest, PassesOverWhatTheReceiverHasClosed) {
  keep();
  keep(false);
  keep(false);
  EXPECT_NE(kept_.take(), nullptr);
  EXPECT_EQ(open_, 0);
}

TEST_F(KeptConnectionsTest, ClosesWhatNobodyTakes) {
  keep();
  keep();
  kept_.sweep();
  EXPECT_EQ(open_, 2);
  clock_.advance(KeptConnections::longest_idle);
  kept_.sweep();
  while (open_ > 0) std::this_thread::yield();  // Its own thread may just be closing them.
}

}  // namespace jobqd::processors::push
