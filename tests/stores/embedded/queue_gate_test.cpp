#include "stores/embedded/queue_gate.hpp"

#include <gtest/gtest.h>

namespace jobqd::stores::embedded {

namespace {

using base::milliseconds;
using base::SteadyTime;

constexpr domain::RateLimit no_rate{};
constexpr domain::CircuitRule no_circuit{};
constexpr domain::RateLimit ten_a_second{.per_second = 10, .burst = 1};
constexpr domain::CircuitRule opens_at_once{.failures = 1, .wait = milliseconds{1'000}};

const SteadyTime start{milliseconds{1'000'000}};

}  // namespace

TEST(QueueGate, WithoutLimitsIsAlwaysOpen) {
  QueueGate gate(no_rate, no_circuit);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(gate.try_start(start));
  gate.learn(domain::Lesson::failure, start);
  EXPECT_TRUE(gate.try_start(start));
  EXPECT_LE(gate.next_start(), start);
}

TEST(QueueGate, StartsNothingWhilePaused) {
  QueueGate gate(ten_a_second, no_circuit);
  gate.set_paused(true);
  EXPECT_FALSE(gate.try_start(start));
  gate.set_paused(false);
  EXPECT_TRUE(gate.try_start(start)) << "a start that was refused must not count against the rate";
}

TEST(QueueGate, StartsNoMoreThanTheRate) {
  QueueGate gate(ten_a_second, no_circuit);
  EXPECT_TRUE(gate.try_start(start));
  EXPECT_FALSE(gate.try_start(start));
  EXPECT_EQ(gate.next_start(), start + milliseconds{100});
  EXPECT_FALSE(gate.try_start(start + milliseconds{99}));
  EXPECT_TRUE(gate.try_start(start + milliseconds{100}));
}

TEST(QueueGate, GivesBackAStartThatDidNotHappen) {
  QueueGate gate(ten_a_second, opens_at_once);
  ASSERT_TRUE(gate.try_start(start));
  gate.start_undone(start);
  EXPECT_TRUE(gate.try_start(start));
}

TEST(QueueGate, ShowsAShortageForAsLongAsItMayLast) {
  QueueGate gate(no_rate, no_circuit);
  EXPECT_EQ(gate.shortage(start), "");
  gate.fall_short("no processes", milliseconds{1'000}, start);
  gate.fall_short("no descriptors", milliseconds{500}, start);
  EXPECT_EQ(gate.shortage(start), "no descriptors");
  EXPECT_EQ(gate.reason(start + milliseconds{999}), domain::Reason::throttled) << "the longer pause holds";
  EXPECT_FALSE(gate.try_start(start + milliseconds{999}));
  EXPECT_TRUE(gate.try_start(start + milliseconds{1'000}));
  EXPECT_EQ(gate.shortage(start + milliseconds{5'999}), "no descriptors");
  EXPECT_EQ(gate.shortage(start + milliseconds{6'000}), "");
}

TEST(QueueGate, KnowsHowLongAFailedProbeKeepsTheCircuitOpen) {
  QueueGate gate(no_rate, opens_at_once);
  EXPECT_EQ(gate.probe_wait(), milliseconds{0});
  ASSERT_TRUE(gate.try_start(start));
  EXPECT_EQ(gate.probe_wait(), milliseconds{0}) << "no probe, because the circuit is closed";
  gate.learn(domain::Lesson::failure, start);
  EXPECT_EQ(gate.probe_wait(), milliseconds{0});
  ASSERT_TRUE(gate.try_start(start + milliseconds{1'000}));
  EXPECT_EQ(gate.probe_wait(), milliseconds{1'000});
}

TEST(QueueGate, IsShutByAnOpenCircuitUntilAProbeSucceeds) {
  QueueGate gate(no_rate, opens_at_once);
  ASSERT_TRUE(gate.try_start(start));
  gate.learn(domain::Lesson::failure, start);
  EXPECT_FALSE(gate.try_start(start));
  EXPECT_EQ(gate.next_start(), start + milliseconds{1'000});

  EXPECT_TRUE(gate.try_start(start + milliseconds{1'000})) << "the probe";
  EXPECT_EQ(gate.next_start(), SteadyTime::max());
  EXPECT_FALSE(gate.try_start(start + milliseconds{5'000})) << "while the probe runs";

  gate.learn(domain::Lesson::success, start + milliseconds{5'000});
  EXPECT_TRUE(gate.try_start(start + milliseconds{5'000}));
}

TEST(QueueGate, AllowsAnotherProbeIfOneDidNotHappen) {
  QueueGate gate(no_rate, opens_at_once);
  gate.learn(domain::Lesson::failure, start);
  const auto later = start + milliseconds{1'000};
  ASSERT_TRUE(gate.try_start(later));
  gate.start_undone(later);
  EXPECT_EQ(gate.breaker().state(), domain::CircuitState::open);
  EXPECT_TRUE(gate.try_start(gate.next_start()));
}

TEST(QueueGate, WaitsForTheLatestOfItsLimits) {
  QueueGate gate(ten_a_second, opens_at_once);
  ASSERT_TRUE(gate.try_start(start));
  gate.learn(domain::Lesson::failure, start);
  EXPECT_EQ(gate.next_start(), start + milliseconds{1'000}) << "the circuit";
  gate.fall_short("w", milliseconds{3'000}, start);
  EXPECT_EQ(gate.next_start(), start + milliseconds{3'000}) << "the shortage";
  gate.fall_short("w", milliseconds{2'000}, start);
  EXPECT_EQ(gate.next_start(), start + milliseconds{3'000}) << "a shorter pause must not end a longer one";
}

TEST(QueueGate, SaysWhatKeepsItShut) {
  using domain::Reason;
  QueueGate gate(ten_a_second, opens_at_once);
  EXPECT_EQ(gate.reason(start), Reason::ready);
  ASSERT_TRUE(gate.try_start(start));
  EXPECT_EQ(gate.reason(start), Reason::throttled);
  EXPECT_EQ(gate.reason(start + milliseconds{100}), Reason::ready);
  gate.learn(domain::Lesson::failure, start);
  EXPECT_EQ(gate.reason(start), Reason::circuit_open) << "before the rate limit";
  gate.set_paused(true);
  EXPECT_EQ(gate.reason(start), Reason::paused) << "before the circuit";
  gate.set_paused(false);
  const auto later = start + milliseconds{1'000};
  EXPECT_EQ(gate.reason(later), Reason::ready) << "it probes";
  ASSERT_TRUE(gate.try_start(later));
  EXPECT_EQ(gate.reason(later + milliseconds{500}), Reason::circuit_open) << "while the probe runs";
  gate.learn(domain::Lesson::success, later);
  gate.fall_short("w", milliseconds{3'000}, later);
  EXPECT_EQ(gate.reason(later + milliseconds{500}), Reason::throttled) << "the daemon lacks something";
}

TEST(QueueGate, KeepsTheCountOfARateThatDoesNotChange) {
  QueueGate gate(ten_a_second, no_circuit);
  ASSERT_TRUE(gate.try_start(start));
  gate.configure(ten_a_second, opens_at_once, start);
  EXPECT_FALSE(gate.try_start(start));
  gate.configure({.per_second = 20, .burst = 1}, opens_at_once, start);
  EXPECT_TRUE(gate.try_start(start));
}

TEST(QueueGate, OpensWhenTheCircuitRuleIsRemoved) {
  QueueGate gate(no_rate, opens_at_once);
  gate.learn(domain::Lesson::failure, start);
  ASSERT_FALSE(gate.try_start(start));
  gate.configure(no_rate, no_circuit, start);
  EXPECT_TRUE(gate.try_start(start));
}

}  // namespace jobqd::stores::embedded
