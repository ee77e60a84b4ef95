#include <jobqd/domain/rate_limit.hpp>

#include <gtest/gtest.h>

namespace jobqd::domain {

namespace {

constexpr base::SteadyTime at(std::int64_t ms) {
  return base::SteadyTime{base::milliseconds{ms}};
}

int taken(RateLimiter& limiter, std::int64_t from_ms, std::int64_t to_ms) {
  int count = 0;
  for (auto ms = from_ms; ms < to_ms; ++ms)
    while (limiter.take(at(ms))) ++count;
  return count;
}

}  // namespace

TEST(RateLimiter, LetsOnePassAndThenOneEachInterval) {
  RateLimiter limiter({.per_second = 10});
  EXPECT_TRUE(limiter.take(at(0)));
  EXPECT_FALSE(limiter.take(at(0)));
  EXPECT_EQ(limiter.next(), at(100));
  EXPECT_FALSE(limiter.take(at(99)));
  EXPECT_TRUE(limiter.take(at(100)));
  EXPECT_EQ(limiter.next(), at(200));
}

TEST(RateLimiter, LetsABurstPassAtOnceAndThenTheRate) {
  RateLimiter limiter({.per_second = 10, .burst = 5});
  EXPECT_EQ(taken(limiter, 0, 1), 5);
  EXPECT_EQ(limiter.next(), at(100));
  EXPECT_EQ(taken(limiter, 1, 1'001), 10);
}

TEST(RateLimiter, SavesUpNoMoreThanABurst) {
  RateLimiter limiter({.per_second = 10, .burst = 5});
  EXPECT_EQ(taken(limiter, 0, 1), 5);
  EXPECT_EQ(taken(limiter, 1'000'000, 1'000'001), 5);
}

TEST(RateLimiter, HoldsItsRateInTheLongRun) {
  RateLimiter limiter({.per_second = 333, .burst = 7});
  EXPECT_NEAR(taken(limiter, 0, 60'000), 60 * 333 + 7, 60);
  RateLimiter slow({.per_second = 0.5});
  EXPECT_EQ(taken(slow, 0, 10'000), 5);
}

TEST(RateLimiter, WithoutALimitLetsEverythingPass) {
  RateLimiter limiter(RateLimit{});
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(limiter.take(at(0)));
}

}  // namespace jobqd::domain
