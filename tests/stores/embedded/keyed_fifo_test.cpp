#include "stores/embedded/keyed_fifo.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <jobqd/base/random.hpp>

namespace jobqd::stores::embedded {

namespace {

using Fifo = KeyedFifo<int>;
using Visited = std::vector<std::pair<Fifo::Key, int>>;

/// Holds 10 under key 1, 20 under key 2, and so on.
Fifo filled(int count) {
  Fifo fifo;
  for (int i = 1; i <= count; ++i) fifo.push(static_cast<Fifo::Key>(i), 10 * i);
  return fifo;
}

Visited visited(const Fifo& fifo, Fifo::Key before, std::size_t limit = 1000) {
  Visited seen;
  fifo.visit_newest_first(before, [&](Fifo::Key key, int value) {
    seen.emplace_back(key, value);
    return seen.size() < limit;
  });
  return seen;
}

/// Counts its instances, and so what a container really holds.
struct Counted {
  static inline int alive = 0;

  Counted() { ++alive; }
  explicit Counted(int number) : value(number) { ++alive; }
  Counted(const Counted& other) : value(other.value) { ++alive; }
  Counted& operator=(const Counted& other) = default;
  ~Counted() { --alive; }
  bool operator==(const Counted& other) const { return value == other.value; }

  int value = 0;
};

}  // namespace

TEST(KeyedFifo, GivesBackInTheOrderOfPushing) {
  auto fifo = filled(3);
  EXPECT_EQ(fifo.size(), 3U);
  EXPECT_EQ(fifo.front(), 10);
  EXPECT_EQ(fifo.pop(), 10);
  EXPECT_EQ(fifo.pop(), 20);
  EXPECT_EQ(fifo.pop(), 30);
  EXPECT_TRUE(fifo.empty());
}

TEST(KeyedFifo, ErasesFromTheMiddle) {
  auto fifo = filled(3);
  EXPECT_TRUE(fifo.erase(2));
  EXPECT_EQ(fifo.size(), 2U);
  EXPECT_EQ(fifo.pop(), 10);
  EXPECT_EQ(fifo.pop(), 30);
}

TEST(KeyedFifo, HasANewFrontOnceTheFrontIsErased) {
  auto fifo = filled(4);
  EXPECT_TRUE(fifo.erase(2));
  EXPECT_TRUE(fifo.erase(1));
  EXPECT_EQ(fifo.front(), 30);
}

TEST(KeyedFifo, ErasesNothingTwiceAndNothingThatIsNotThere) {
  auto fifo = filled(5);
  EXPECT_TRUE(fifo.erase(3));
  EXPECT_FALSE(fifo.erase(3));
  EXPECT_FALSE(fifo.erase(0));
  EXPECT_FALSE(fifo.erase(6));
  EXPECT_EQ(fifo.pop(), 10);
  EXPECT_FALSE(fifo.erase(1));
  EXPECT_EQ(fifo.size(), 3U);
}

TEST(KeyedFifo, TakesNewEntriesAfterItWasEmptied) {
  auto fifo = filled(1);
  EXPECT_TRUE(fifo.erase(1));
  fifo.push(9, 90);
  EXPECT_EQ(fifo.pop(), 90);
}

TEST(KeyedFifo, VisitsTheNewestFirst) {
  EXPECT_EQ(visited(filled(3), 0), (Visited{{3, 30}, {2, 20}, {1, 10}}));
}

TEST(KeyedFifo, VisitsEntriesOlderThanAKeyEvenIfTheKeyIsGone) {
  auto fifo = filled(4);
  EXPECT_TRUE(fifo.erase(3));
  EXPECT_EQ(visited(fifo, 3), (Visited{{2, 20}, {1, 10}}));
  EXPECT_EQ(visited(fifo, 99), (Visited{{4, 40}, {2, 20}, {1, 10}}));
  EXPECT_EQ(visited(fifo, 1), Visited{});
}

TEST(KeyedFifo, StopsVisitingWhenTheVisitorReturnsFalse) {
  EXPECT_EQ(visited(filled(5), 0, 2), (Visited{{5, 50}, {4, 40}}));
}

TEST(KeyedFifo, BehavesLikeASortedMapUnderRandomUse) {
  base::Random random(11);
  Fifo fifo;
  std::map<Fifo::Key, int> model;
  Fifo::Key key = 0;
  for (int step = 0; step < 20'000; ++step) {
    const auto action = random.between(0, 9);
    if (action < 4) {
      key += static_cast<Fifo::Key>(random.between(1, 3));
      fifo.push(key, step + 1);
      model.emplace(key, step + 1);
    } else if (action < 8) {
      const auto victim = static_cast<Fifo::Key>(random.between(0, static_cast<std::int64_t>(key) + 1));
      ASSERT_EQ(fifo.erase(victim), model.erase(victim) == 1);
    } else if (!model.empty()) {
      ASSERT_EQ(fifo.pop(), model.extract(model.begin()).mapped());
    }
    ASSERT_EQ(fifo.size(), model.size());
    if (!model.empty()) {
      ASSERT_EQ(fifo.front(), model.begin()->second);
    }
  }
  EXPECT_EQ(visited(fifo, 0, model.size()), Visited(model.rbegin(), model.rend()));
}

TEST(KeyedFifo, KeepsWholeKeysThoughItsEntriesHave48BitsOfThem) {
  const auto bits48 = std::uint64_t{1} << 48;
  Fifo fifo;
  const std::array keys{5 * bits48 - 2, 5 * bits48 - 1, 5 * bits48, 5 * bits48 + 1, 6 * bits48 - 3};
  int value = 0;
  for (const auto key : keys) fifo.push(key, ++value);
  EXPECT_EQ(visited(fifo, 0),
            (Visited{{keys[4], 5}, {keys[3], 4}, {keys[2], 3}, {keys[1], 2}, {keys[0], 1}}));
  EXPECT_EQ(visited(fifo, keys[2]), (Visited{{keys[1], 2}, {keys[0], 1}}));
  EXPECT_TRUE(fifo.erase(keys[1]));
  EXPECT_FALSE(fifo.erase(keys[2] - bits48)) << "another key with the same lower bits";
  EXPECT_EQ(fifo.pop(), 1);
  EXPECT_EQ(fifo.pop(), 3);
  fifo.put_back(keys[2], 3);
  fifo.put_back(keys[0], 1);
  EXPECT_EQ(visited(fifo, 0), (Visited{{keys[4], 5}, {keys[3], 4}, {keys[2], 3}, {keys[0], 1}}));
}

TEST(KeyedFifo, TakesAtMostTwiceTheNeededMemoryInAnyOrderOfErasing) {
  Counted::alive = 0;
  KeyedFifo<Counted> fifo;
  for (int i = 1; i <= 1'000; ++i) fifo.push(static_cast<std::uint64_t>(i), Counted(i));
  base::Random random(3);
  while (fifo.size() > 1) {
    fifo.erase(static_cast<std::uint64_t>(random.between(1, 1'000)));
    ASSERT_LE(static_cast<std::size_t>(Counted::alive), 2 * fifo.size() + 1);
  }
}

TEST(KeyedFifo, TakesAtMostTwiceTheNeededMemoryWithGapsBehindTheFront) {
  Counted::alive = 0;
  KeyedFifo<Counted> fifo;
  for (int i = 1; i <= 200; ++i) fifo.push(static_cast<std::uint64_t>(i), Counted(i));
  for (std::uint64_t key = 51; key < 199; key += 3) {  // Of the back three quarters only each third stays.
    EXPECT_TRUE(fifo.erase(key));
    EXPECT_TRUE(fifo.erase(key + 1));
  }
  while (!fifo.empty()) {
    fifo.pop();
    ASSERT_LE(static_cast<std::size_t>(Counted::alive), 2 * fifo.size() + 1);
  }
}

TEST(KeyedFifoDeathTest, StopsAtAKeyThatDoesNotGrow) {
  auto fifo = filled(2);
  EXPECT_DEATH(fifo.push(2, 1), "broken invariant");
}

TEST(KeyedFifoDeathTest, StopsAtAKeyThatItCouldNotTellFromOthers) {
  Fifo fifo;
  fifo.push(1, 1);
  fifo.push(std::uint64_t{1} << 48, 2);
  EXPECT_DEATH(fifo.push((std::uint64_t{1} << 48) + 1, 3), "broken invariant");
}

TEST(KeyedFifoDeathTest, StopsAtAValueThatIsNone) {
  Fifo fifo;
  EXPECT_DEATH(fifo.push(1, 0), "broken invariant");
}

TEST(KeyedFifoDeathTest, StopsAtPoppingNothing) {
  Fifo fifo;
  EXPECT_DEATH(fifo.pop(), "broken invariant");
}

}  // namespace jobqd::stores::embedded
