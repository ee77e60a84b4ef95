#include <future>

#include <gtest/gtest.h>

#include "app/daemon/attempt_watch.hpp"
#include "app/daemon/fail_stop.hpp"
#include "app/daemon/tally.hpp"
#include "app/logging/event_log.hpp"
#include "app/logging/test_pipe.hpp"
#include "support/patience.hpp"

namespace jobqd::app {

namespace {

const engine::Claim claim;
const base::SystemClock system_clock;
constexpr base::SteadyTime long_ago{std::chrono::nanoseconds{1}};

base::SteadyTime when_patience_ends() {
  return system_clock.now().steady + support::patience;
}

}  // namespace

TEST(Tally, CountsHowAttemptsEnded) {
  Tally tally;
  for (int i = 0; i < 4; ++i) tally.attempt_settled(claim, engine::Done{});
  for (int i = 0; i < 3; ++i) tally.attempt_settled(claim, engine::Failed{.reason = {}, .error = {}});
  for (int i = 0; i < 2; ++i) tally.attempt_settled(claim, engine::Again{.delay = {}, .error = {}});
  tally.attempt_settled(claim, engine::Interrupted{});
  tally.attempt_settled(claim, engine::Unstarted{});
  tally.attempt_stale(claim);
  EXPECT_EQ(tally.done(), 4U);
  EXPECT_EQ(tally.failed(), 3U);
  EXPECT_EQ(tally.retried(), 2U);
  EXPECT_EQ(tally.interrupted(), 1U);
}

TEST(AttemptWatch, WaitsNoLongerThanItMay) {
  AttemptWatch watch;
  watch.wait(long_ago);
  watch.begin();
  watch.wait(long_ago);
}

TEST(AttemptWatch, ReturnsWhenAnAttemptHasEnded) {
  for (const bool stale : {false, true}) {
    AttemptWatch watch;
    watch.begin();
    auto waiting = std::async(std::launch::async, [&watch] {
      const auto until = when_patience_ends();
      watch.wait(until);
      return system_clock.now().steady < until;
    });
    if (stale)
      watch.attempt_stale(claim);
    else
      watch.attempt_settled(claim, engine::Done{});
    EXPECT_TRUE(waiting.get());
  }
}

TEST(AttemptWatch, NoticesAnEndBeforeTheWait) {
  AttemptWatch watch;
  watch.begin();
  watch.attempt_settled(claim, engine::Done{});
  const auto until = when_patience_ends();
  watch.wait(until);
  EXPECT_LT(system_clock.now().steady, until);
}

TEST(FailStopDeathTest, EndsTheProcessOnceTheReasonIsWritten) {
  EXPECT_EXIT(
      {
        Log log(LogLevel::info, LogFormat::text, system_clock);
        EventLog(log).store_lost("fsync");
        FailStop(log).store_lost("fsync");
      },
      testing::ExitedWithCode(1), "error the store failed .* why=fsync");
}

TEST(FailStopDeathTest, EndsTheProcessAlsoWhenNobodyReadsWhy) {
  TestPipe pipe;
  EXPECT_EXIT(
      {
        Log log(LogLevel::info, LogFormat::text, system_clock, pipe.write_end());
        for (int i = 0; i < 100; ++i) log.write_admin(LogLevel::error, std::string(1'000, 'x'));
        FailStop(log).store_lost("fsync");
      },
      testing::ExitedWithCode(1), "");
}

}  // namespace jobqd::app
