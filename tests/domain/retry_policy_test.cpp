#include <jobqd/domain/retry_policy.hpp>

#include <array>
#include <cmath>
#include <utility>

#include <gtest/gtest.h>

#include <jobqd/base/random.hpp>

namespace jobqd::domain {

namespace {

constexpr RetryPolicy standard{.base = base::milliseconds{100}, .cap = base::milliseconds{30'000}};
constexpr base::milliseconds longest_ever = base::milliseconds::max();

const double almost_one = std::nextafter(1.0, 0.0);

}  // namespace

TEST(RetryPolicy, DoublesTheCeilingWithEveryRetry) {
  constexpr std::array<std::pair<std::uint32_t, int>, 9> expected{
      {{1, 100}, {2, 200}, {3, 400}, {4, 800}, {5, 1600}, {6, 3200}, {7, 6400}, {8, 12'800}, {9, 25'600}}};
  for (const auto& [n, ms] : expected) EXPECT_EQ(standard.ceiling(n), base::milliseconds{ms}) << n;
}

TEST(RetryPolicy, CapsDelayAtMaximum) {
  EXPECT_EQ(standard.ceiling(10), base::milliseconds{30'000});
  EXPECT_EQ(standard.delay(10, 0.0), base::milliseconds{30'000});
}

TEST(RetryPolicy, StaysAtTheCapHoweverManyRetries) {
  for (const std::uint32_t n : {11U, 55U, 56U, 62U, 63U, 64U, 65U, 1001U, 4'000'000'000U, 4'294'967'295U})
    EXPECT_EQ(standard.ceiling(n), standard.cap) << n;
}

TEST(RetryPolicy, DoesNotOverflowBelowAnEndlessCap) {
  const RetryPolicy policy{.base = base::milliseconds{1}, .cap = longest_ever};
  EXPECT_EQ(policy.ceiling(62), base::milliseconds{1LL << 61});
  EXPECT_EQ(policy.ceiling(63), base::milliseconds{1LL << 62});
  EXPECT_EQ(policy.ceiling(64), longest_ever);
  EXPECT_EQ(policy.ceiling(4'000'000'000U), longest_ever);
}

TEST(RetryPolicy, HoldsForTheSmallestAndTheLargestBase) {
  const RetryPolicy smallest{.base = base::milliseconds{1}, .cap = base::milliseconds{1}};
  EXPECT_EQ(smallest.delay(1, 0.0), base::milliseconds{1});
  EXPECT_EQ(smallest.delay(4'000'000'000U, almost_one), base::milliseconds{1});
  const RetryPolicy largest{.base = longest_ever, .cap = longest_ever};
  EXPECT_EQ(largest.ceiling(1), longest_ever);
  EXPECT_EQ(largest.delay(1, 0.0), longest_ever);
  EXPECT_EQ(largest.delay(2, 0.5), base::milliseconds{1LL << 62});
}

TEST(RetryPolicy, NeverWaitsZero) {
  for (const std::uint32_t n : {1U, 5U, 10U, 4'000'000'000U})
    EXPECT_EQ(standard.delay(n, almost_one), base::milliseconds{1}) << n;
}

TEST(RetryPolicy, FractionZeroIsTheCeiling) {
  EXPECT_EQ(standard.delay(1, 0.0), base::milliseconds{100});
  EXPECT_EQ(standard.delay(4, 0.0), base::milliseconds{800});
}

TEST(RetryPolicy, KeepsEveryDelayBetweenOneMillisecondAndTheCeiling) {
  base::Random random(7);
  for (int i = 0; i < 10'000; ++i) {
    const auto n = static_cast<std::uint32_t>(random.between(1, 70));
    const auto delay = standard.delay(n, random.fraction());
    ASSERT_GE(delay, base::milliseconds{1});
    ASSERT_LE(delay, standard.ceiling(n));
  }
}

TEST(RetryPolicy, SpreadsTheJitterUniformlyOverTheWholeRange) {
  base::Random random(1);
  constexpr int draws = 100'000;
  std::array<int, 10> tenths{};
  for (int i = 0; i < draws; ++i) {
    const auto delay = standard.delay(4, random.fraction());  // 1 to 800 ms
    ++tenths.at(static_cast<std::size_t>((delay.count() - 1) / 80));
  }
  for (const int count : tenths) EXPECT_NEAR(count, draws / 10, draws / 200);
}

TEST(RetryPolicyDeathTest, StopsAtARetryNumberedZero) {
  EXPECT_DEATH((void)standard.ceiling(0), "broken invariant");
}

TEST(RetryPolicyDeathTest, StopsAtACapBelowTheBase) {
  const RetryPolicy wrong{.base = base::milliseconds{2}, .cap = base::milliseconds{1}};
  EXPECT_DEATH((void)wrong.ceiling(1), "broken invariant");
}

TEST(RetryPolicy, GrowsByItsFactor) {
  const RetryPolicy slowly{.factor = 1.5};
  EXPECT_EQ(slowly.ceiling(1), base::milliseconds{100});
  EXPECT_EQ(slowly.ceiling(2), base::milliseconds{150});
  EXPECT_EQ(slowly.ceiling(3), base::milliseconds{225});
  EXPECT_EQ(slowly.ceiling(4'000'000'000U), slowly.cap);
  EXPECT_EQ(RetryPolicy{.factor = 1}.ceiling(4'000'000'000U), base::milliseconds{100});
}

TEST(RetryPolicy, LeavesHalfOfTheWaitToChanceWithEqualJitter) {
  const RetryPolicy equal{.jitter = Jitter::equal};
  EXPECT_EQ(equal.delay(1, 0.0), base::milliseconds{100});
  EXPECT_EQ(equal.delay(1, 0.5), base::milliseconds{75});
  EXPECT_EQ(equal.delay(1, almost_one), base::milliseconds{50});
}

TEST(RetryPolicy, LeavesNothingToChanceWithoutJitter) {
  const RetryPolicy exact{.jitter = Jitter::none};
  for (const auto fraction : {0.0, 0.5, almost_one})
    EXPECT_EQ(exact.delay(3, fraction), base::milliseconds{400});
}

TEST(RetryPolicy, GoesThroughItsListOfDelaysAndStaysAtTheLast) {
  const RetryPolicy listed{
      .delays = {base::milliseconds{0}, base::milliseconds{1'000}, base::milliseconds{60'000}}};
  EXPECT_EQ(listed.delay(1, 0.9), base::milliseconds{0});
  EXPECT_EQ(listed.delay(2, 0.9), base::milliseconds{1'000});
  EXPECT_EQ(listed.delay(3, 0.9), base::milliseconds{60'000});
  EXPECT_EQ(listed.delay(1'000, 0.9), base::milliseconds{60'000});
}

TEST(RetryPolicy, GrowsWithTheFourthPowerOnThePolynomialCurve) {
  const RetryPolicy curve{.cap = std::chrono::days{30}, .curve = Curve::polynomial};
  constexpr std::array<std::pair<std::uint32_t, int>, 5> middles{
      {{1, 16}, {2, 31}, {3, 96}, {10, 10'015}, {25, 390'640}}};
  for (const auto& [n, seconds] : middles) {
    const base::milliseconds middle = std::chrono::seconds{seconds};
    EXPECT_EQ(curve.ceiling(n), middle + middle / 10) << n;
    EXPECT_EQ(curve.delay(n, 0.0), middle + middle / 10) << n;
    EXPECT_EQ(curve.delay(n, 0.5), middle) << n;
    EXPECT_NEAR(static_cast<double>(curve.delay(n, almost_one).count()),
                static_cast<double>(middle.count()) * 0.9, 1)
        << n;
  }
}

TEST(RetryPolicy, TriesForMoreThanThreeWeeksOnThePolynomialCurve) {
  const RetryPolicy curve{.cap = std::chrono::days{30}, .curve = Curve::polynomial};
  base::milliseconds all{0};
  for (std::uint32_t n = 1; n <= 25; ++n) all += curve.delay(n, 0.5);
  EXPECT_EQ(std::chrono::floor<std::chrono::days>(all), std::chrono::days{24});
}

TEST(RetryPolicy, CapsThePolynomialCurveWithItsJitter) {
  const RetryPolicy curve{.cap = std::chrono::seconds{30}, .curve = Curve::polynomial};
  EXPECT_EQ(curve.delay(2, 0.0), std::chrono::seconds{30});
  for (const std::uint32_t n : {3U, 1000U, 4'294'967'295U}) {
    EXPECT_EQ(curve.ceiling(n), std::chrono::seconds{30}) << n;
    EXPECT_EQ(curve.delay(n, almost_one), std::chrono::seconds{30}) << n;
  }
  const RetryPolicy below_base{.cap = base::milliseconds{1}, .curve = Curve::polynomial};
  EXPECT_EQ(below_base.delay(1, 0.0), base::milliseconds{1}) << "base has no part in it";
}

}  // namespace jobqd::domain
