#include "http/calls/shared_texts.hpp"

#include <new>

#include <gtest/gtest.h>

#include "support/manual_clock.hpp"

namespace jobqd::http {

namespace {

using namespace std::chrono_literals;

class Texts : public testing::Test {
 protected:
  /// Asks for a text. What is made of it waits in `making`.
  void ask(const std::string& name) {
    texts->get(
        name, [this](SharedTexts::Text text) { got.push_back(std::move(text)); },
        [this](SharedTexts::Made made) { making.push_back(std::move(made)); });
  }
  void make(std::optional<std::string> body) {
    for (auto& made : std::exchange(making, {})) made(body);
  }

  support::ManualClock clock;
  std::optional<SharedTexts> texts{clock};
  std::vector<SharedTexts::Made> making;
  std::vector<SharedTexts::Text> got;
};

}  // namespace

TEST_F(Texts, AreMadeOnceForAllWhoWait) {
  ask("a");
  ask("a");
  EXPECT_TRUE(got.empty());
  ASSERT_EQ(making.size(), 1U);
  make("text");
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0], got[1]) << "the same one";
  EXPECT_EQ(got[0]->body, "text");
}

TEST_F(Texts, AreKeptForASecond) {
  ask("a");
  make("1");
  clock.advance(999ms);
  ask("a");
  EXPECT_TRUE(making.empty());
  EXPECT_EQ(got.at(1)->body, "1");
  clock.advance(1ms);
  ask("a");
  make("2");
  EXPECT_EQ(got.at(2)->body, "2");
  EXPECT_NE(got.at(2)->tag, got.at(1)->tag);
}

TEST_F(Texts, AreToldApartByTheirNames) {
  ask("a");
  make("of a");
  ask("b");
  make("of b");
  EXPECT_EQ(got.at(1)->body, "of b");
}

TEST_F(Texts, ThatCannotBeMadeAreTriedAgain) {
  ask("a");
  make(std::nullopt);
  EXPECT_EQ(got.at(0), nullptr);
  ask("a");
  make("text");
  EXPECT_EQ(got.at(1)->body, "text");
}

TEST_F(Texts, ForWhichThereIsNoMemoryAreTriedAgain) {
  texts->get(
      "a", [this](SharedTexts::Text text) { got.push_back(std::move(text)); },
      [](const SharedTexts::Made& /*made*/) { throw std::bad_alloc(); });
  EXPECT_EQ(got.at(0), nullptr);
  ask("a");
  make("text");
  EXPECT_EQ(got.at(1)->body, "text");
}

TEST_F(Texts, BeyondWhatIsKeptAreMadeForThoseWhoWait) {
  for (std::size_t i = 0; i < SharedTexts::most_kept; ++i) {
    ask(std::to_string(i));
    make("kept");
  }
  ask("more");
  make("not kept");
  EXPECT_EQ(got.back()->body, "not kept");
  ask("more");
  EXPECT_EQ(making.size(), 1U) << "it is made again";
  make("again");
  ask("0");
  EXPECT_TRUE(making.empty()) << "this one is there";
  clock.advance(1s);
  ask("more");
  make("kept");
  ask("more");
  EXPECT_TRUE(making.empty()) << "there is room again";
}

TEST_F(Texts, MayBeMadeTooLate) {
  ask("a");
  texts.reset();
  make("nobody waits for it");
  EXPECT_TRUE(got.empty());
}

}  // namespace jobqd::http
