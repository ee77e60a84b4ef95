#include "app/logging/line_queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace jobqd::app {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::size_t everything = 1'000'000;

base::WallTime at(int second) {
  return base::WallTime{std::chrono::seconds{second}};
}

/// The texts of the lines that come out, and `-COUNT@SECOND` for a gap.
std::vector<std::string> taken(LineQueue& queue, std::size_t max_bytes = everything) {
  std::vector<QueuedLine> lines;
  queue.take(max_bytes, lines);
  std::vector<std::string> texts;
  for (const auto& line : lines)
    texts.push_back(line.missing == 0
                        ? line.text
                        : '-' + std::to_string(line.missing) + '@' +
                              std::to_string(line.time.time_since_epoch() / std::chrono::seconds{1}));
  return texts;
}

/// Room for this many lines of one letter.
std::size_t lines(std::size_t count) {
  return count * (LineQueue::overhead + 1);
}

}  // namespace

TEST(LineQueue, KeepsTheOrderOfBothRanks) {
  LineQueue queue(everything);
  queue.push(LineRank::ordinary, at(1), "a");
  queue.push(LineRank::admin, at(2), "b");
  queue.push(LineRank::ordinary, at(3), "c");
  queue.push(LineRank::admin, at(4), "d");
  EXPECT_FALSE(queue.empty());
  EXPECT_THAT(taken(queue), ElementsAre("a", "b", "c", "d"));
  EXPECT_TRUE(queue.empty());
  EXPECT_THAT(taken(queue), IsEmpty());
}

TEST(LineQueue, GivesAtLeastOneLineAndThenWhatFits) {
  LineQueue queue(everything);
  for (const auto* text : {"four", "five", "six", "seven"}) queue.push(LineRank::ordinary, at(1), text);
  EXPECT_THAT(taken(queue, 1), ElementsAre("four"));
  EXPECT_THAT(taken(queue, 8), ElementsAre("five")) << "a line end is a byte too";
  EXPECT_THAT(taken(queue, 10), ElementsAre("six", "seven"));
}

TEST(LineQueue, DropsTheOldestWhenItIsFullAndSaysHowManyInTheirPlace) {
  LineQueue queue(lines(2));
  for (int i = 0; i < 5; ++i)
    queue.push(LineRank::ordinary, at(i), std::string(1, static_cast<char>('a' + i)));
  EXPECT_THAT(taken(queue), ElementsAre("-3@2", "d", "e"));
  queue.push(LineRank::ordinary, at(9), "f");
  EXPECT_THAT(taken(queue), ElementsAre("f")) << "said once";
}

TEST(LineQueue, DropsAdminLinesLast) {
  LineQueue queue(lines(3));
  queue.push(LineRank::admin, at(1), "A");
  queue.push(LineRank::ordinary, at(2), "b");
  queue.push(LineRank::ordinary, at(3), "c");
  queue.push(LineRank::admin, at(4), "D");
  queue.push(LineRank::ordinary, at(5), "e");
  EXPECT_THAT(taken(queue), ElementsAre("A", "-2@3", "D", "e"));
}

TEST(LineQueue, DropsTheOldestAdminLineWhenThereAreNoOthers) {
  LineQueue queue(lines(2));
  for (int i = 0; i < 3; ++i) queue.push(LineRank::admin, at(i), std::string(1, static_cast<char>('A' + i)));
  queue.push(LineRank::ordinary, at(3), "d");
  EXPECT_THAT(taken(queue), ElementsAre("B", "C")) << "what is missing comes after them";
  queue.push(LineRank::admin, at(4), "E");
  EXPECT_THAT(taken(queue), ElementsAre("-2@3", "E"));
}

TEST(LineQueue, KeepsALineThatIsLargerThanItNever) {
  LineQueue queue(lines(2));
  queue.push(LineRank::ordinary, at(1), "a");
  queue.push(LineRank::ordinary, at(2), std::string(1'000, 'x'));
  EXPECT_TRUE(queue.empty());
  queue.push(LineRank::ordinary, at(3), "b");
  EXPECT_THAT(taken(queue), ElementsAre("-2@2", "b"));
}

TEST(LineQueue, HasRoomAgainForWhatWasTaken) {
  LineQueue queue(lines(2));
  for (int i = 0; i < 10; ++i) {
    queue.push(LineRank::ordinary, at(i), "a");
    queue.push(LineRank::admin, at(i), "b");
    EXPECT_THAT(taken(queue), ElementsAre("a", "b"));
  }
}

TEST(LineQueue, CountsWhatCouldNotBeWritten) {
  LineQueue queue(lines(1));
  queue.push(LineRank::ordinary, at(1), "a");
  queue.push(LineRank::ordinary, at(2), "b");
  queue.push(LineRank::ordinary, at(3), "c");
  std::vector<QueuedLine> lost;
  queue.take(everything, lost);
  ASSERT_EQ(lost.size(), 2U) << "a gap of two and a line";
  for (const auto& line : lost) queue.lose(line);
  EXPECT_TRUE(queue.empty()) << "a gap alone is no reason to write";
  EXPECT_THAT(taken(queue), IsEmpty());
  queue.push(LineRank::ordinary, at(4), "d");
  EXPECT_THAT(taken(queue), ElementsAre("-3@3", "d"));
}

TEST(LineQueue, DropsAllOrdinaryLinesWhenAsked) {
  LineQueue queue(everything);
  queue.push(LineRank::ordinary, at(1), "a");
  queue.push(LineRank::admin, at(2), "B");
  queue.push(LineRank::ordinary, at(3), "c");
  queue.push(LineRank::admin, at(4), "D");
  queue.drop_ordinary();
  EXPECT_THAT(taken(queue), ElementsAre("B", "-2@3", "D"));
}

TEST(LineQueue, NumbersItsLines) {
  LineQueue queue(everything);
  EXPECT_EQ(queue.last_pushed(), 0U);
  EXPECT_EQ(queue.next_number(), 1U);
  queue.push(LineRank::admin, at(1), "A");
  queue.push(LineRank::ordinary, at(2), "b");
  queue.push(LineRank::admin, at(3), "C");
  EXPECT_EQ(queue.last_pushed(), 3U);
  EXPECT_EQ(queue.next_number(), 1U);
  (void)taken(queue, 1);
  EXPECT_EQ(queue.next_number(), 2U);
  queue.drop_ordinary();
  EXPECT_EQ(queue.next_number(), 3U);
  (void)taken(queue);
  EXPECT_EQ(queue.next_number(), 4U);
}

}  // namespace jobqd::app
