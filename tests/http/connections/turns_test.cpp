#include "http/connections/turns.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

namespace jobqd::http {

namespace {

constexpr std::size_t mebibyte = 1024UL * 1024;

/// Notes its letter when its turn comes.
class Letter final : public Turns::Taker {
 public:
  Letter(
      std::string& noted, char letter, std::size_t bytes, std::function<void()> then = [] {})
      : noted_(noted), letter_(letter), bytes_(bytes), then_(std::move(then)) {}

  std::size_t take_turn() override {
    noted_ += letter_;
    then_();
    return bytes_;
  }

 private:
  std::string& noted_;
  char letter_;
  std::size_t bytes_;
  std::function<void()> then_;
};

class TheTurns : public testing::Test {
 protected:
  void queue(char letter, std::size_t bytes, std::function<void()> then = [] {}) {
    turns.queue(std::make_shared<Letter>(noted, letter, bytes, std::move(then)));
  }
  void post(char letter) {
    boost::asio::post(io, [this, letter] { noted += letter; });
  }

  boost::asio::io_context io{1};
  Turns turns{io.get_executor()};
  std::string noted;
};

}  // namespace

TEST_F(TheTurns, ComeLaterAndInOrder) {
  queue('a', 1);
  queue('b', 1);
  EXPECT_EQ(noted, "");
  io.run();
  EXPECT_EQ(noted, "ab");
}

TEST_F(TheTurns, LetOthersComeBetweenTwoLargeOnes) {
  queue('a', 64UL * 1024);
  queue('b', 64UL * 1024);
  post('.');
  io.run();
  EXPECT_EQ(noted, "a.b");
}

TEST_F(TheTurns, TakeSmallOnesTogether) {
  for (int i = 0; i < 100; ++i) queue('a', 0);
  post('.');
  io.run();
  EXPECT_EQ(noted, std::string(64, 'a') + "." + std::string(36, 'a'));
}

TEST_F(TheTurns, MayBeQueuedForInATurn) {
  queue('a', 64UL * 1024, [this] { queue('c', 1); });
  queue('b', 1);
  io.run();
  EXPECT_EQ(noted, "abc");
}

TEST(AnswerBudget, LetsOneConnectionTakeAPiece) {
  const AnswerBudget budget(64 * mebibyte, 1024);
  EXPECT_EQ(budget.room(0).now, mebibyte);
  EXPECT_EQ(budget.hold_back(), mebibyte / 4 * 3);
}

TEST(AnswerBudget, LeavesEachConnectionItsShare) {
  AnswerBudget budget(64 * mebibyte, 1024);
  std::size_t held = 0;
  for (int i = 0; i < 1024; ++i) {
    const auto room = budget.room(0).now;
    EXPECT_GE(room, 32U * 1024);
    budget.change(0, room);
    held += room;
  }
  EXPECT_EQ(held, 64 * mebibyte);
  EXPECT_EQ(budget.room(0).now, 32U * 1024);
}

TEST(AnswerBudget, CountsWhatAConnectionHoldsAlready) {
  AnswerBudget budget(64 * mebibyte, 1024);
  EXPECT_EQ(budget.room(mebibyte / 4).now, mebibyte / 4 * 3);
  EXPECT_EQ(budget.room(2 * mebibyte).now, 1U);
  budget.change(0, 50 * mebibyte);
  EXPECT_EQ(budget.room(24UL * 1024).now, 8U * 1024) << "the pool is empty";
}

TEST(AnswerBudget, LeavesRoomAfterAWaitToEveryConnectionAtOnce) {
  for (const std::size_t connections : {1UL, 64UL, 1024UL, 100'000UL}) {
    const AnswerBudget budget(64 * mebibyte, connections);
    EXPECT_GE(budget.room(0).after_wait, 1U);
    EXPECT_LE(budget.room(0).after_wait, mebibyte);
    EXPECT_LE(budget.room(0).after_wait * connections, 32 * mebibyte);
  }
}

TEST(AnswerBudget, GetsBackWhatIsGivenUp) {
  AnswerBudget budget(2 * mebibyte, 1024);
  budget.change(0, 50 * mebibyte);
  EXPECT_EQ(budget.room(0).now, 1024U) << "one large job may exceed it";
  budget.change(50 * mebibyte, mebibyte / 2);
  EXPECT_EQ(budget.room(0).now, mebibyte / 2 + 2 * 1024U);
  budget.change(mebibyte / 2, 0);
  EXPECT_EQ(budget.room(0).now, mebibyte);
}

TEST(AnswerBudget, NeverLeavesNothing) {
  AnswerBudget budget(1024, 100'000);
  budget.change(0, mebibyte);
  EXPECT_EQ(budget.room(0).now, 1U);
}

}  // namespace jobqd::http
