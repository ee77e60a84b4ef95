#include <jobqd/base/random.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace jobqd::base {

namespace {

std::vector<std::uint64_t> draw(Random& random, int count) {
  std::vector<std::uint64_t> drawn;
  for (int i = 0; i < count; ++i) drawn.push_back(random.bits());
  return drawn;
}

}  // namespace

TEST(Random, IsTheStandardMersenneTwister) {
  Random random(5489);
  const auto drawn = draw(random, 10'000);
  EXPECT_EQ(drawn.back(), 9981545732273789042ULL);  // [rand.predef]: its 10000th number
}

TEST(Random, GivesTheSameRunForTheSameSeed) {
  Random a(42);
  Random b(42);
  Random other(43);
  const auto drawn = draw(a, 100);
  EXPECT_EQ(draw(b, 100), drawn);
  EXPECT_NE(draw(other, 100), drawn);
}

TEST(Random, FractionsFillZeroToOneWithoutOne) {
  Random random(1);
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double fraction = random.fraction();
    ASSERT_GE(fraction, 0.0);
    ASSERT_LT(fraction, 1.0);
    sum += fraction;
  }
  EXPECT_NEAR(sum / 10'000, 0.5, 0.02);
}

TEST(Random, DrawsBothEndsAndAllBetween) {
  Random random(1);
  std::set<std::int64_t> seen;
  for (int i = 0; i < 1'000; ++i) seen.insert(random.between(-2, 3));
  EXPECT_EQ(seen, (std::set<std::int64_t>{-2, -1, 0, 1, 2, 3}));
}

TEST(Random, HasNoChoiceInARangeOfOne) {
  Random random(1);
  EXPECT_EQ(random.between(7, 7), 7);
}

TEST(Random, CoversTheWholeRangeOfIntegers) {
  Random random(1);
  using Limits = std::numeric_limits<std::int64_t>;
  bool negative = false;
  bool positive = false;
  for (int i = 0; i < 100; ++i) {
    const auto drawn = random.between(Limits::min(), Limits::max());
    negative |= drawn < 0;
    positive |= drawn > 0;
  }
  EXPECT_TRUE(negative && positive);
}

TEST(Random, SharesOneSequenceAmongThreads) {
  constexpr int each = 5'000;
  Random shared(9);
  std::array<std::vector<std::uint64_t>, 2> drawn;
  {
    const std::jthread first([&] { drawn[0] = draw(shared, each); });
    const std::jthread second([&] { drawn[1] = draw(shared, each); });
  }
  auto all = drawn[0];
  all.insert(all.end(), drawn[1].begin(), drawn[1].end());
  Random alone(9);
  auto expected = draw(alone, 2 * each);
  std::ranges::sort(all);
  std::ranges::sort(expected);
  EXPECT_EQ(all, expected);
}

TEST(Random, IsSeededAnewByTheSystem) {
  EXPECT_NE(Random::system_seed(), Random::system_seed());
}

}  // namespace jobqd::base
