#include <jobqd/engine/claim.hpp>

#include <gtest/gtest.h>

namespace jobqd::engine {

TEST(StopSignal, AsksForNothingAtFirst) {
  const StopSignal signal;
  EXPECT_EQ(signal.cause(), StopCause::none);
  EXPECT_FALSE(signal.token().stop_requested());
}

TEST(StopSignal, AsksToStopAndSaysWhy) {
  StopSignal signal;
  signal.request(StopCause::timed_out);
  EXPECT_EQ(signal.cause(), StopCause::timed_out);
  EXPECT_TRUE(signal.token().stop_requested());
}

TEST(StopSignal, KnowsTheCauseOnceAStopIsSeen) {
  StopSignal signal;
  auto seen = StopCause::none;
  const std::stop_callback callback(signal.token(), [&] { seen = signal.cause(); });
  signal.request(StopCause::shutdown);
  EXPECT_EQ(seen, StopCause::shutdown);
}

TEST(StopSignal, KeepsTheFirstCause) {
  StopSignal signal;
  signal.request(StopCause::timed_out);
  signal.request(StopCause::shutdown);
  EXPECT_EQ(signal.cause(), StopCause::timed_out);
}

TEST(StopSignal, LetsAClientsCancelBeatEveryOtherCause) {
  for (const auto other : {StopCause::timed_out, StopCause::shutdown}) {
    StopSignal signal;
    signal.request(other);
    signal.request(StopCause::cancelled);
    EXPECT_EQ(signal.cause(), StopCause::cancelled);
    signal.request(other);
    EXPECT_EQ(signal.cause(), StopCause::cancelled);
  }
}

}  // namespace jobqd::engine
