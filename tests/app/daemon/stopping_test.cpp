#include "app/daemon/stopping.hpp"

#include <csignal>
#include <stop_token>
#include <thread>

#include <gtest/gtest.h>

#include <jobqd/base/clock.hpp>

#include "app/logging/test_pipe.hpp"

namespace jobqd::app {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

/// Blocks the signals, as the daemon does before it starts a thread.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
    pthread_sigmask(SIG_BLOCK, &signals, &before_);
  }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;
  ~BlockedSignals() {
    for (const int number : {SIGTERM, SIGINT}) std::signal(number, SIG_DFL);
    std::signal(SIGHUP, SIG_IGN);  // Drops one that still waits and would end the process when unblocked.
    std::signal(SIGHUP, SIG_DFL);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t before_{};
};

class StoppingTest : public testing::Test {
 protected:
  BlockedSignals blocked;  // First: the log has a thread, which must not take the signals.
  TestPipe pipe;
  base::SystemClock clock;
  Log log{LogLevel::info, LogFormat::text, clock, pipe.write_end()};
};

using StoppingDeathTest = StoppingTest;

}  // namespace

TEST_F(StoppingTest, SaysWhatTheStopWaitsForAgainAndAgain) {
  Stopping stopping(log, clock, milliseconds{10});
  stopping.waits_for("running jobs", 3);
  pipe.read_until("info  still stopping waits_for=\"running jobs\" jobs=3\n");
  EXPECT_NE(pipe.read_until("jobs=3\n"), "");
  stopping.waits_for("the store");
  EXPECT_TRUE(pipe.read_until("waits_for=\"the store\"\n").ends_with("waits_for=\"the store\"\n"));
}

TEST_F(StoppingTest, IgnoresHangupsWhichPutNothingOff) {
  Stopping stopping(log, clock, milliseconds{200});
  stopping.waits_for("the store");
  const std::jthread hangups([](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      kill(getpid(), SIGHUP);
      std::this_thread::yield();
    }
  });
  const auto said = pipe.read_until("still stopping waits_for=\"the store\"\n");
  EXPECT_TRUE(said.contains("still stopping")) << said;
  EXPECT_EQ(said.find("SIGHUP is ignored"), said.rfind("SIGHUP is ignored")) << "it is said once: " << said;
  EXPECT_TRUE(said.contains("info  SIGHUP is ignored: the daemon is stopping\n")) << said;
}

TEST_F(StoppingTest, EndsAtOnceAndSaysNothingInAShortStop) {
  {
    Stopping(log, clock, hours{1}).waits_for("running jobs", 1);
  }
  log.write(LogLevel::info, "after it");
  EXPECT_EQ(pipe.read_until("after it\n").find("still stopping"), std::string::npos);
}

TEST_F(StoppingDeathTest, AnotherSignalIsLoggedAndEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (const int number : {SIGTERM, SIGINT})
    EXPECT_EXIT(
        {
          Log errors(LogLevel::info, LogFormat::text, clock);
          const Stopping stopping(errors, clock, hours{1});
          kill(getpid(), SIGHUP);
          kill(getpid(), number);
          while (true) pause();
        },
        testing::ExitedWithCode(128 + number), "ending at once: a second signal came signal=SIG");
}

TEST_F(StoppingDeathTest, AnotherSignalAfterItsEndEndsTheProcessToo) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        {
          const Stopping stopping(log, clock, hours{1});
        }
        kill(getpid(), SIGTERM);
        while (true) pause();
      },
      testing::ExitedWithCode(143), "");
}

TEST_F(StoppingDeathTest, AStopThatDoesNotComeToItsEndIsGivenUp) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        Log errors(LogLevel::info, LogFormat::text, clock);
        Stopping stopping(errors, clock, hours{1});
        stopping.waits_for("the store");
        stopping.give_up_at(clock.now().steady + milliseconds{50});
        while (true) pause();
      },
      testing::ExitedWithCode(1), "error ending without the rest of the stop.* waits_for=\"the store\"");
}

}  // namespace jobqd::app
