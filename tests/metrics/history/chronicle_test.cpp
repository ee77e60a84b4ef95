// What is kept of the past of queues: steps, gaps, bounds of memory. Times are literal.

#include "metrics/history/chronicle.hpp"

#include <limits>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace jobqd::metrics::history {

namespace {

using namespace std::chrono_literals;
using http::HistoryPoint;
using http::HistorySpan;
using testing::ElementsAre;
using testing::Eq;
using testing::Optional;

constexpr base::WallTime noon{std::chrono::sys_days{std::chrono::November / 24 / 2026} + 12h};

constexpr HistorySpan hour{.step = 10s, .points = 360};
constexpr HistorySpan day{.step = 300s, .points = 288};

/// A queue in which so many jobs were enqueued and attempts have ended.
engine::QueueCounts queue(std::string name, std::uint64_t enqueued, std::uint64_t done = 0) {
  engine::QueueCounts counts{.name = std::move(name)};
  counts.totals.enqueued = enqueued;
  for (std::uint64_t i = 0; i < done; ++i) counts.totals.ran.add(1ms);
  return counts;
}

/// The last `points` of a span.
HistorySpan last(std::size_t points, HistorySpan of = hour) {
  return {.step = of.step, .points = points};
}

class PastOfQueues : public testing::Test {
 protected:
  void at(std::chrono::milliseconds since_noon) {
    now = {.wall = noon + since_noon, .steady = base::SteadyTime{1h} + since_noon};
  }
  void start(std::chrono::milliseconds since_noon = 0s, std::vector<engine::QueueCounts> queues = {},
             std::size_t max_bytes = 16UL * 1024 * 1024) {
    at(since_noon);
    past.emplace(now, max_bytes);
    for (const auto& each : queues) past->add(each);
    past->end_baseline();
  }
  void sample(std::chrono::milliseconds since_noon, const std::vector<engine::QueueCounts>& queues) {
    at(since_noon);
    past->begin(now);
    for (const auto& each : queues) past->add(each);
    past->end();
  }

  /// What was enqueued in each point; -1 where nothing is known.
  std::vector<std::int64_t> enqueued(std::string_view name, HistorySpan span) const {
    return figures(name, span, &HistoryPoint::enqueued);
  }
  std::vector<std::int64_t> figures(std::string_view name, HistorySpan span,
                                    std::uint32_t HistoryPoint::* figure) const {
    std::vector<std::int64_t> found;
    for (const auto& point : past->read(name, span))
      found.push_back(point ? (*point).*figure : std::int64_t{-1});
    return found;
  }

  base::Now now{};
  std::optional<Chronicle> past;
};

}  // namespace

TEST_F(PastOfQueues, HasWhatHappenedInEachTenSeconds) {
  start();
  EXPECT_EQ(past->due(), base::SteadyTime{1h} + 10s);
  sample(10s, {queue("mail", 2)});
  sample(20s, {queue("mail", 2)});
  sample(30s, {queue("mail", 7)});
  EXPECT_THAT(enqueued("mail", last(4)), ElementsAre(-1, 2, 0, 5));
  EXPECT_THAT(enqueued("other", last(4)), ElementsAre(-1, 0, 0, 0)) << "nothing happened in it";
  EXPECT_EQ(past->due(), base::SteadyTime{1h} + 40s);
}

TEST_F(PastOfQueues, HasEachFigure) {
  start();
  auto mail = queue("mail", 9, 5);
  mail.totals.ran.add(1ms);
  mail.totals.ran.add(1ms);
  mail.totals.ran.add(1ms);
  mail.totals.ran.add(1ms);
  using enum engine::AttemptOutcome;
  for (const auto outcome : {failed, timeout, rejected, deferred})
    mail.totals.not_done[static_cast<std::size_t>(outcome)] = 1;
  mail.counts.by_status[static_cast<std::size_t>(domain::Status::running)] = 2;
  mail.ready = 4;
  mail.oldest_ready = 1500ms;
  sample(10s, {mail});
  EXPECT_THAT(past->read("mail", last(1)), ElementsAre(Optional(HistoryPoint{.enqueued = 9,
                                                                             .started = 11,
                                                                             .done = 5,
                                                                             .failed = 3,
                                                                             .ready = 4,
                                                                             .running = 2,
                                                                             .oldest_ready = 1500})));
}

TEST_F(PastOfQueues, CountsNoAttemptThatNeverBegan) {
  start();
  auto mail = queue("mail", 1);
  mail.counts.by_status[static_cast<std::size_t>(domain::Status::running)] = 1;
  sample(10s, {mail});
  mail.counts.by_status[static_cast<std::size_t>(domain::Status::running)] = 0;
  mail.totals.not_done[static_cast<std::size_t>(engine::AttemptOutcome::unstarted)] = 1;
  sample(20s, {mail});
  EXPECT_THAT(figures("mail", last(2), &HistoryPoint::started), ElementsAre(1, 0));
  mail.counts.by_status[static_cast<std::size_t>(domain::Status::running)] = 1;
  sample(30s, {mail});
  EXPECT_THAT(figures("mail", last(3), &HistoryPoint::started), ElementsAre(1, 0, 0)) << "it was counted";
  mail.counts.by_status[static_cast<std::size_t>(domain::Status::running)] = 2;
  sample(40s, {mail});
  EXPECT_THAT(figures("mail", last(1), &HistoryPoint::started), ElementsAre(1));
}

TEST_F(PastOfQueues, DoesNotCountWhatWasThereAtTheStart) {
  auto mail = queue("mail", 0);
  mail.counts.by_status[static_cast<std::size_t>(domain::Status::running)] = 3;
  start(0s, {mail});
  sample(10s, {mail});
  EXPECT_THAT(figures("mail", last(1), &HistoryPoint::started), ElementsAre(0));
  EXPECT_THAT(figures("mail", last(1), &HistoryPoint::running), ElementsAre(3));
}

TEST_F(PastOfQueues, BeginsItsIntervalsAtFullTimesOfTheCalendar) {
  start(4min + 57s);
  EXPECT_EQ(past->due() - now.steady, 3s);
  sample(5min, {queue("mail", 1)});
  const auto fine = past->timeline(hour, now);
  EXPECT_EQ(fine.until, noon + 5min);
  EXPECT_EQ(fine.since, noon + 4min + 57s);
  EXPECT_THAT(enqueued("mail", last(1, day)), ElementsAre(1))
      << "five minutes are over, the start was in them";
  EXPECT_EQ(past->timeline(day, now).until, noon + 5min);
}

TEST_F(PastOfQueues, ShowsTimesByTheClockAsItIs) {
  start();
  sample(10s, {});
  now.wall += 1h + 400ms;
  EXPECT_EQ(past->timeline(hour, now).until, noon + 1h + 10s) << "to the second";
  EXPECT_EQ(past->timeline(hour, now).since, noon + 1h);
}

TEST_F(PastOfQueues, IsUnknownWhereNobodyLooked) {
  start();
  sample(10s, {queue("mail", 1)});
  sample(45s, {queue("mail", 4)});  // Stopped, or busy, for 25 s: two intervals were missed.
  EXPECT_THAT(enqueued("mail", last(4)), ElementsAre(1, -1, -1, 3));
  sample(50s, {queue("mail", 6)});
  EXPECT_THAT(enqueued("mail", last(2)), ElementsAre(3, 2));
}

TEST_F(PastOfQueues, IsUnknownAsAWholeAfterALongStop) {
  start();
  sample(10s, {queue("mail", 1)});
  sample(48h, {queue("mail", 5)});
  EXPECT_THAT(past->read("mail", last(359)).front(), Eq(std::nullopt));
  EXPECT_THAT(enqueued("mail", last(2)), ElementsAre(-1, 4));
  EXPECT_THAT(enqueued("mail", last(2, day)), ElementsAre(-1, 4));
  EXPECT_EQ(past->timeline(hour, now).since, noon + 47h);
  EXPECT_EQ(past->timeline(day, now).since, noon + 24h);
}

TEST_F(PastOfQueues, HasNoSampleWhereThereWasNoMemoryForIt) {
  start();
  at(10s);
  past->begin(now);
  past->add(queue("mail", 1));
  past->give_up(now);
  sample(20s, {queue("mail", 3)});
  EXPECT_THAT(enqueued("mail", last(2)), ElementsAre(-1, 2));
}

TEST_F(PastOfQueues, HasADayInFiveMinutes) {
  start();
  std::uint64_t jobs = 0;
  for (auto time = 10s; time <= 15min; time += 10s) sample(time, {queue("mail", ++jobs)});
  EXPECT_THAT(enqueued("mail", last(4, day)), ElementsAre(-1, 30, 30, 30));
  auto waiting = queue("mail", jobs);
  waiting.ready = 7;
  for (auto time = 15min + 10s; time <= 20min; time += 10s) sample(time, {waiting});
  EXPECT_THAT(figures("mail", last(2, day), &HistoryPoint::ready), ElementsAre(0, 7)) << "at the end";
}

TEST_F(PastOfQueues, KnowsFiveMinutesOfWhichItSawAPart) {
  start();
  sample(10s, {queue("mail", 1)});
  sample(11min, {queue("mail", 4)});
  sample(15min, {queue("mail", 5)});
  EXPECT_THAT(enqueued("mail", last(3, day)), ElementsAre(1, -1, 4));
}

TEST_F(PastOfQueues, SharesOutTenSecondsAmongPointsOfFifteen) {
  start();
  sample(10s, {queue("mail", 4)});
  sample(20s, {queue("mail", 9)});  // Five: two in the first half, three in the second.
  sample(30s, {queue("mail", 10)});
  sample(40s, {queue("mail", 90)});  // Belongs to a point that is not complete.
  const HistorySpan fifteen{.step = 15s, .points = 3};
  EXPECT_THAT(enqueued("mail", fifteen), ElementsAre(-1, 6, 4));
  EXPECT_EQ(past->timeline(fifteen, now).until, noon + 30s);
}

TEST_F(PastOfQueues, TakesLevelsFromTheLastIntervalThatEndsInAPoint) {
  start();
  for (const std::uint64_t ready : {1U, 2U, 3U}) {
    auto mail = queue("mail", 0);
    mail.ready = ready;
    sample(10s * ready, {mail});
  }
  EXPECT_THAT(figures("mail", {.step = 15s, .points = 2}, &HistoryPoint::ready), ElementsAre(1, 3));
}

TEST_F(PastOfQueues, ShowsTheLargestNumberWhereOneDoesNotFit) {
  start();
  auto mail = queue("mail", std::uint64_t{1} << 40);
  mail.ready = std::uint64_t{1} << 33;
  mail.oldest_ready = 24h * 365;
  sample(10s, {mail});
  constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max();
  EXPECT_THAT(enqueued("mail", last(1)), ElementsAre(most));
  EXPECT_THAT(figures("mail", last(1), &HistoryPoint::ready), ElementsAre(most));
  EXPECT_THAT(figures("mail", last(1), &HistoryPoint::oldest_ready), ElementsAre(most));
}

TEST_F(PastOfQueues, GoesWithItsQueue) {
  start();
  sample(10s, {queue("mail", 3)});
  sample(20s, {});
  EXPECT_THAT(enqueued("mail", last(2)), ElementsAre(0, 0));
  sample(30s, {queue("mail", 5)});  // Another queue of this name, whose counts began at 0.
  EXPECT_THAT(enqueued("mail", last(3)), ElementsAre(0, 0, 5));
}

TEST_F(PastOfQueues, BeginsAgainWithAQueueThatWasReplacedBetweenTwoSamples) {
  start();
  sample(10s, {queue("mail", 9, 4)});
  sample(20s, {queue("mail", 2, 1)});
  EXPECT_THAT(enqueued("mail", last(2)), ElementsAre(9, 2));
  EXPECT_THAT(figures("mail", last(2), &HistoryPoint::done), ElementsAre(4, 1));
}

TEST_F(PastOfQueues, TakesNoMemoryForQueuesThatWereNeverUsed) {
  start();
  const auto before = past->bytes();
  std::vector<engine::QueueCounts> queues;
  for (int i = 0; i < 1'000; ++i) queues.push_back(queue(fmt::format("q{}", i), 0));
  sample(10s, queues);
  EXPECT_LT(past->bytes() - before, 100U);
}

TEST_F(PastOfQueues, TakesTheFiguresOfManyQueuesApart) {
  start();
  std::vector<engine::QueueCounts> queues;
  for (std::uint64_t i = 0; i < 1'000; ++i) queues.push_back(queue(fmt::format("q{}", 999 - i), i + 1));
  sample(10s, queues);
  for (std::uint64_t i = 0; i < 1'000; ++i)
    ASSERT_THAT(enqueued(fmt::format("q{}", 999 - i), last(1)), ElementsAre(i + 1));
}

TEST_F(PastOfQueues, KeepsWithinItsMemoryAndLetsTheCoarseRingGoFirst) {
  constexpr std::size_t most = 400'000;
  start(0s, {}, most);
  std::vector<engine::QueueCounts> queues;
  for (int i = 0; i < 100; ++i) queues.push_back(queue(fmt::format("q{}", i), 0));
  const auto run = [&](std::chrono::seconds from, std::chrono::seconds to) {
    for (auto time = from + 10s; time <= to; time += 10s) {
      for (auto& each : queues) ++each.totals.enqueued;
      sample(time, queues);
      ASSERT_LE(past->bytes(), most);
    }
  };
  // About 3.2 KB for each interval: there is room for some 115 of them.
  run(0s, 15min);
  EXPECT_EQ(past->timeline(day, now).since, noon) << "all is there";
  EXPECT_EQ(past->timeline(hour, now).since, noon);
  for (auto time = 15min; time < 60min; time += 5min) {
    const auto coarse = past->timeline(day, now).since;
    const auto fine = past->timeline(hour, now).since;
    run(time, time + 5min);
    if (past->timeline(hour, now).since > fine) {
      EXPECT_EQ(past->timeline(day, now).since, past->timeline(day, now).until) << "nothing coarse is left";
    }
    EXPECT_GE(past->timeline(day, now).since, coarse);
  }
  EXPECT_GT(past->timeline(hour, now).since, noon + 40min);
  EXPECT_LT(past->timeline(hour, now).since, noon + 45min) << "the bound is made use of";
  EXPECT_THAT(enqueued("q7", last(60)), testing::Each(1)) << "what is left is whole";
}

}  // namespace jobqd::metrics::history
