#include <jobqd/domain/lifecycle.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <tuple>

#include <gtest/gtest.h>

namespace jobqd::domain {

namespace {

using enum Status;

constexpr std::array statuses{queued, running, done, failed};
constexpr std::array events{Event::start,    Event::succeed,       Event::back_off, Event::put_off,
                            Event::give_up,  Event::interrupt,     Event::cancel,   Event::retry,
                            Event::put_back, Event::request_cancel};

struct Cell {
  Status from;
  Event event;
  Status to;
};

/// Repeats the table of the source on purpose.
constexpr std::array legal{
    Cell{queued, Event::start, running},    Cell{queued, Event::cancel, failed},
    Cell{running, Event::succeed, done},    Cell{running, Event::back_off, queued},
    Cell{running, Event::give_up, failed},  Cell{running, Event::interrupt, queued},
    Cell{running, Event::put_off, queued},  Cell{failed, Event::retry, queued},
    Cell{running, Event::put_back, queued}, Cell{running, Event::request_cancel, running},
};

Progress in(Status status) {
  return {.status = status, .reason = Reason::none, .attempts = 5, .failures = 2};
}

}  // namespace

TEST(Lifecycle, AllowsExactlyTheseTransitions) {
  static_assert(statuses.size() == status_count && events.size() == event_count);
  for (const auto from : statuses) {
    for (const auto event : events) {
      const auto cell =
          std::ranges::find_if(legal, [&](const Cell& c) { return c.from == from && c.event == event; });
      const auto next = next_status(from, event);
      ASSERT_EQ(next.has_value(), cell != legal.end()) << to_string(from) << " " << static_cast<int>(event);
      if (next) {
        EXPECT_EQ(*next, cell->to);
      } else {
        EXPECT_EQ(next.error().code, ErrorCode::wrong_status);
      }
    }
  }
}

TEST(Lifecycle, SaysWhatTheJobIsAndWhatItCannotBecome) {
  EXPECT_EQ(next_status(done, Event::cancel).error().detail, "the job is done and cannot be cancelled");
  EXPECT_EQ(next_status(queued, Event::retry).error().detail, "the job is queued and cannot be retried");
}

TEST(Lifecycle, RefusesEveryStepFromAWrongStatus) {
  using Step = std::function<std::expected<Progress, Error>(Progress)>;
  const std::array<std::tuple<Step, Status>, 8> steps{{
      {started, queued},
      {succeeded, running},
      {backed_off, running},
      {[](Progress p) { return given_up(p, Reason::exhausted); }, running},
      {[](Progress p) { return interrupted(p, 10); }, running},
      {cancelled, queued},
      {cancel_requested, running},
      {retried, failed},
  }};
  for (const auto& [step, only_from] : steps)
    for (const auto status : statuses) EXPECT_EQ(step(in(status)).has_value(), status == only_from);
}

TEST(Lifecycle, AStartCountsAnAttempt) {
  const Progress expected{.status = running, .reason = Reason::none, .attempts = 6, .failures = 2};
  EXPECT_EQ(started(in(queued)), expected);
}

TEST(Lifecycle, ASuccessKeepsTheCounts) {
  const Progress expected{.status = done, .reason = Reason::none, .attempts = 5, .failures = 2};
  EXPECT_EQ(succeeded(in(running)), expected);
}

TEST(Lifecycle, BackingOffCountsAFailure) {
  const Progress expected{.status = queued, .reason = Reason::backoff, .attempts = 5, .failures = 3};
  EXPECT_EQ(backed_off(in(running)), expected);
}

TEST(Lifecycle, ADeferralIsCountedApartFromFailures) {
  const Progress expected{
      .status = queued, .reason = Reason::backoff, .deferrals = 1, .attempts = 5, .failures = 2};
  EXPECT_EQ(deferred(in(running)), expected);
}

TEST(Lifecycle, GivingUpCountsAFailure) {
  const Progress expected{.status = failed, .reason = Reason::exhausted, .attempts = 5, .failures = 3};
  EXPECT_EQ(given_up(in(running), Reason::exhausted), expected);
  EXPECT_EQ(given_up(in(running), Reason::rejected)->failures, 3U);
}

TEST(Lifecycle, ACancelIsNoFailure) {
  const Progress expected{.status = failed, .reason = Reason::cancelled, .attempts = 5, .failures = 2};
  EXPECT_EQ(given_up(in(running), Reason::cancelled), expected);
  EXPECT_EQ(cancelled(in(queued)), expected);
}

TEST(Lifecycle, ACancelOfARunningJobIsItsReasonUntilTheEnd) {
  const Progress expected{.status = running, .reason = Reason::cancelled, .attempts = 5, .failures = 2};
  EXPECT_EQ(cancel_requested(in(running)), expected);
  EXPECT_EQ(cancel_requested(expected), expected) << "a second time changes nothing";
  EXPECT_EQ(succeeded(expected)->reason, Reason::none);
}

TEST(Lifecycle, AnInterruptionIsCountedApartFromFailures) {
  const Progress expected{
      .status = queued, .reason = Reason::ready, .attempts = 5, .failures = 2, .interruptions = 1};
  EXPECT_EQ(interrupted(in(running), 10), expected);
}

TEST(Lifecycle, FailsAJobThatWasInterruptedMoreOftenThanTheCap) {
  Progress progress = in(running);
  progress.interruptions = 9;
  EXPECT_EQ(interrupted(progress, 10)->status, queued);
  progress.interruptions = 10;
  const Progress expected{
      .status = failed, .reason = Reason::interrupted, .attempts = 5, .failures = 2, .interruptions = 11};
  EXPECT_EQ(interrupted(progress, 10), expected);
}

TEST(Lifecycle, ARetryGivesAFreshBudgetAndKeepsTheAttempts) {
  Progress progress = in(failed);
  progress.interruptions = 3;
  progress.deferrals = 3;
  const Progress expected{.status = queued, .reason = Reason::ready, .attempts = 5};
  EXPECT_EQ(retried(progress), expected);
}

}  // namespace jobqd::domain
