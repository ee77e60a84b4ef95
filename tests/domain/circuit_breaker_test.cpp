#include <jobqd/domain/circuit_breaker.hpp>

#include <gtest/gtest.h>

namespace jobqd::domain {

namespace {

constexpr base::SteadyTime at(std::int64_t ms) {
  return base::SteadyTime{base::milliseconds{ms}};
}

constexpr CircuitRule rule{.failures = 3, .wait = base::milliseconds{1'000}};

CircuitBreaker opened_at(std::int64_t ms) {
  CircuitBreaker breaker(rule);
  for (int i = 0; i < 3; ++i) breaker.failed(at(ms));
  return breaker;
}

}  // namespace

TEST(CircuitBreaker, OpensAfterTheGivenNumberOfFailuresInARow) {
  CircuitBreaker breaker(rule);
  breaker.failed(at(0));
  breaker.failed(at(0));
  breaker.succeeded();
  breaker.failed(at(1));
  breaker.failed(at(1));
  EXPECT_EQ(breaker.state(), CircuitState::closed);
  EXPECT_LE(breaker.next(), at(1));
  breaker.failed(at(2));
  EXPECT_EQ(breaker.state(), CircuitState::open);
  EXPECT_EQ(breaker.next(), at(1'002));
  EXPECT_EQ(breaker.failures(), 3U);
}

TEST(CircuitBreaker, ProbesWithOneAttempt) {
  auto breaker = opened_at(0);
  breaker.started();
  EXPECT_EQ(breaker.state(), CircuitState::half_open);
  EXPECT_EQ(breaker.next(), base::SteadyTime::max());
}

TEST(CircuitBreaker, AProbeThatSucceedsClosesIt) {
  auto breaker = opened_at(0);
  breaker.started();
  breaker.succeeded();
  EXPECT_EQ(breaker.state(), CircuitState::closed);
  EXPECT_EQ(breaker.failures(), 0U);
  EXPECT_LE(breaker.next(), at(0));
}

TEST(CircuitBreaker, AProbeThatFailsOpensItAgainForTheWholeWait) {
  auto breaker = opened_at(0);
  breaker.started();
  breaker.failed(at(1'500));
  EXPECT_EQ(breaker.state(), CircuitState::open);
  EXPECT_EQ(breaker.next(), at(2'500));
  EXPECT_EQ(breaker.failures(), 4U);
}

TEST(CircuitBreaker, AProbeWithoutAResultIsFollowedByAnother) {
  auto breaker = opened_at(0);
  breaker.started();
  breaker.ended(at(1'500));
  EXPECT_EQ(breaker.next(), at(1'500));
  breaker.started();
  EXPECT_EQ(breaker.state(), CircuitState::half_open);
}

TEST(CircuitBreaker, FailuresOfEarlierAttemptsDoNotPostponeTheProbe) {
  auto breaker = opened_at(0);
  breaker.failed(at(900));
  EXPECT_EQ(breaker.next(), at(1'000));
}

TEST(CircuitBreaker, WithoutARuleItNeverOpens) {
  CircuitBreaker breaker(CircuitRule{});
  for (int i = 0; i < 1'000; ++i) breaker.failed(at(i));
  EXPECT_EQ(breaker.state(), CircuitState::closed);
}

TEST(CircuitBreaker, ANewRuleAppliesAtOnce) {
  auto breaker = opened_at(0);
  breaker.set_rule({.failures = 3, .wait = base::milliseconds{100}}, at(10));
  EXPECT_EQ(breaker.next(), at(110));
  breaker.set_rule({}, at(20));
  EXPECT_EQ(breaker.state(), CircuitState::closed);
}

}  // namespace jobqd::domain
