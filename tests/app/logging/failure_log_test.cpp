#include "app/logging/failure_log.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "app/logging/test_pipe.hpp"
#include "support/manual_clock.hpp"

namespace jobqd::app {

namespace {

using namespace std::chrono_literals;

class FailureLogTest : public testing::Test {
 protected:
  void fail(std::string queue, domain::Reason reason = domain::Reason::exhausted) {
    engine::Claim claim;
    claim.id = "j";
    claim.queue = std::move(queue);
    failures.attempt_settled(claim, engine::Failed{.reason = reason, .error = "e"});
  }

  /// What was logged since the last call, without the times.
  std::string written() {
    log.drain();
    std::string lines;
    std::string rest = pipe.read_what_is_there();
    for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
      lines += rest.substr(25, end + 1 - 25);
      rest.erase(0, end + 1);
    }
    return lines;
  }

  static std::size_t lines(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
  }

  const base::SystemClock system;
  support::ManualClock clock;
  TestPipe pipe;
  Log log{LogLevel::info, LogFormat::text, system, pipe.write_end()};
  FailureLog failures{log, clock};
};

}  // namespace

TEST_F(FailureLogTest, SaysWhichJobFailedAndWhy) {
  fail("q", domain::Reason::rejected);
  EXPECT_EQ(written(), "info  job failed id=j queue=q attempt=1 error=e reason=rejected\n");
}

TEST_F(FailureLogTest, LogsTenASecondOfAQueueAndThenHowManyMore) {
  for (int i = 0; i < 25; ++i) fail("q");
  fail("other");
  EXPECT_EQ(lines(written()), 11U);
  clock.advance(999ms);
  failures.run(clock.now());
  EXPECT_EQ(written(), "");
  clock.advance(1ms);
  EXPECT_EQ(failures.run(clock.now()), clock.now().steady + 1s);
  EXPECT_EQ(written(), "info  more jobs failed queue=q jobs=15\n");
  failures.run(clock.now());
  EXPECT_EQ(written(), "") << "they are reported once";
  fail("q");
  EXPECT_EQ(lines(written()), 1U) << "a new second";
}

TEST_F(FailureLogTest, ReportsWhatWasLeftOutBeforeTheFailuresOfTheNextSecond) {
  for (int i = 0; i < 12; ++i) fail("q");
  written();
  clock.advance(1s);
  fail("q");
  const auto text = written();
  EXPECT_TRUE(text.starts_with("info  more jobs failed queue=q jobs=2\ninfo  job failed ")) << text;
}

TEST_F(FailureLogTest, LogsAtDebugWhatWasCancelled) {
  fail("q", domain::Reason::cancelled);
  EXPECT_EQ(written(), "");
}

TEST_F(FailureLogTest, LeavesNothingOutAtDebug) {
  Log loud(LogLevel::debug, LogFormat::text, system, pipe.write_end());
  FailureLog all(loud, clock);
  engine::Claim claim;
  claim.queue = "q";
  for (int i = 0; i < 25; ++i)
    all.attempt_settled(claim, engine::Failed{.reason = domain::Reason::exhausted, .error = "e"});
  clock.advance(1s);
  all.run(clock.now());
  loud.drain();
  const auto text = written();
  EXPECT_EQ(lines(text), 25U);
  EXPECT_EQ(text.find("more jobs failed"), std::string::npos);
}

}  // namespace jobqd::app
