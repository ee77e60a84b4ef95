#include "processors/simulate/simulate.hpp"

#include <thread>

#include <gtest/gtest.h>

#include "support/jobs.hpp"

namespace jobqd::processors::simulate {

namespace {

using base::milliseconds;
using support::new_claim;

constexpr milliseconds at_once{0};
constexpr milliseconds for_ever = std::chrono::hours{1};

int failures(double rate, int attempts, std::uint64_t seed) {
  base::Random random(seed);
  Simulate simulate({.shortest = at_once, .longest = at_once, .failure_rate = rate}, random);
  int failed = 0;
  for (int i = 0; i < attempts; ++i)
    if (std::holds_alternative<engine::Retry>(simulate.process(new_claim("a"), {}))) ++failed;
  return failed;
}

}  // namespace

TEST(Simulate, NeverFailsAtARateOfZero) {
  EXPECT_EQ(failures(0.0, 1'000, 1), 0);
}

TEST(Simulate, AlwaysFailsAtARateOfOne) {
  EXPECT_EQ(failures(1.0, 1'000, 1), 1'000);
}

TEST(Simulate, FailsOneInFiveByDefault) {
  EXPECT_NEAR(failures(Options{}.failure_rate, 10'000, 1), 2'000, 150);
}

TEST(Simulate, FailsAtTheSameAttemptsForTheSameSeed) {
  EXPECT_EQ(failures(0.2, 500, 7), failures(0.2, 500, 7));
  EXPECT_NE(failures(0.2, 500, 7), failures(0.2, 500, 8));
}

TEST(Simulate, SaysThatTheFailureIsNotReal) {
  base::Random random(1);
  Simulate simulate({.shortest = at_once, .longest = at_once, .failure_rate = 1.0}, random);
  const auto outcome = simulate.process(new_claim("a"), {});
  EXPECT_EQ(std::get<engine::Retry>(outcome).error, "simulated failure");
}

TEST(Simulate, WorksAtLeastTheShortestTime) {
  base::Random random(1);
  Simulate simulate({.shortest = milliseconds{2}, .longest = milliseconds{3}, .failure_rate = 0.0}, random);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(std::holds_alternative<engine::Done>(simulate.process(new_claim("a"), {})));
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds{2});
}

TEST(Simulate, StopsBeforeItBeginsToWait) {
  base::Random random(1);
  Simulate simulate({.shortest = for_ever, .longest = for_ever}, random);
  std::stop_source stop;
  stop.request_stop();
  const auto outcome = simulate.process(new_claim("a"), stop.get_token());
  EXPECT_TRUE(std::holds_alternative<engine::Interrupted>(outcome));
}

TEST(Simulate, StopsInTheMiddleOfItsWait) {
  base::Random random(1);
  Simulate simulate({.shortest = for_ever, .longest = for_ever}, random);
  engine::Outcome outcome;
  {
    const std::jthread worker(
        [&](const std::stop_token& stop) { outcome = simulate.process(new_claim("a"), stop); });
  }  // ~jthread requests the stop and joins
  EXPECT_TRUE(std::holds_alternative<engine::Interrupted>(outcome));
}

}  // namespace jobqd::processors::simulate
