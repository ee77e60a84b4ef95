// The history over a store that a test fills by hand. The test calls run() in place of a scheduler.

#include <jobqd/metrics/history.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/manual_clock.hpp"
#include "support/stub_store.hpp"

namespace jobqd::metrics {

namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class Store final : public support::StubStore {
 public:
  engine::CopiedCounts copy_counts(std::size_t from, std::span<engine::QueueCounts> into) const override {
    if (from == 0) ++rounds;
    most_at_once = std::max(most_at_once, into.size());
    engine::CopiedCounts copied;
    while (from < queues.size() && copied.queues < into.size()) into[copied.queues++] = queues[from++];
    copied.next = from < queues.size() ? from : 0;
    return copied;
  }

  mutable int rounds = 0;
  mutable std::size_t most_at_once = 0;
  std::vector<engine::QueueCounts> queues;
};

class TheHistory : public testing::Test {
 protected:
  TheHistory() { run(); }

  std::optional<base::SteadyTime> run() { return history->run(clock.now()); }

  http::QueueHistory::Done keep() {
    return [this](std::unique_ptr<const http::QueuePage> page) {
      ++answers;
      answer = std::move(page);
    };
  }
  http::QueuePage page(http::QueuePageQuery query) {
    history->read_page(std::move(query), keep());
    return *answer;
  }
  std::vector<std::string> names(const http::QueuePageQuery& query) {
    std::vector<std::string> names;
    for (const auto& row : page(query).rows) names.push_back(row.name);
    return names;
  }

  Store store;
  support::ManualClock clock;
  bool answers_at_once = true;
  int answers = 0;
  std::unique_ptr<const http::QueuePage> answer;
  std::optional<History> history{std::in_place, store, [this] {
                                   if (answers_at_once) run();
                                 }};
};

}  // namespace

TEST_F(TheHistory, SamplesEveryTenSeconds) {
  EXPECT_EQ(store.rounds, 1);
  EXPECT_EQ(run(), clock.now().steady + 10s);
  EXPECT_EQ(store.rounds, 1) << "it is not due";
  clock.advance(10s);
  EXPECT_EQ(run(), clock.now().steady + 10s);
  EXPECT_EQ(store.rounds, 2);
  clock.advance(13s);  // Late: the next one is not.
  EXPECT_EQ(run(), clock.now().steady + 7s);
  EXPECT_LE(store.most_at_once, 64U);
}

TEST_F(TheHistory, ShowsWhatHappenedToAQueue) {
  store.queues = {{.name = "mail"}};
  store.queues[0].totals.enqueued = 3;
  clock.advance(10s);
  history->read_queue("mail", {.step = 10s, .points = 2}, keep());
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->rows.size(), 1U);
  EXPECT_EQ(answer->rows[0].name, "mail");
  EXPECT_FALSE(answer->rows[0].points[0]);
  EXPECT_EQ(answer->rows[0].points[1]->enqueued, 3U);
  EXPECT_EQ(answer->timeline.step, 10s);
  EXPECT_EQ(answer->timeline.until, clock.now().wall);
  EXPECT_EQ(answer->timeline.since, clock.now().wall - 10s);
}

TEST_F(TheHistory, ShowsPagesWithPointsOnlyIfTheyAreWanted) {
  for (int i = 0; i < 200; ++i) store.queues.push_back({.name = std::to_string(i)});
  EXPECT_EQ(page({.limit = 3}).rows.size(), 3U);
  EXPECT_TRUE(answer->rows[0].points.empty());
  EXPECT_EQ(answer->next->name, answer->rows[2].name);
  EXPECT_EQ(page({.limit = 3, .history = http::HistorySpan{.step = 15s, .points = 60}}).rows[0].points.size(),
            60U);
  EXPECT_EQ(answer->timeline.step, 15s);
}

TEST_F(TheHistory, LooksAtAllQueuesOnceASecondForItsPages) {
  store.queues = {{.name = "a"}, {.name = "b"}};
  store.queues[1].ready = 5;
  const auto rounds = store.rounds;
  EXPECT_THAT(names({.sort = http::QueueSort::ready}), ElementsAre("b", "a"));
  store.queues[0].ready = 9;
  clock.advance(999ms);
  EXPECT_THAT(names({.sort = http::QueueSort::ready}), ElementsAre("b", "a"));
  EXPECT_THAT(names({.sort = http::QueueSort::name}), ElementsAre("a", "b"));
  EXPECT_EQ(store.rounds, rounds + 1);
  clock.advance(1ms);
  EXPECT_THAT(names({.sort = http::QueueSort::ready}), ElementsAre("a", "b"));
  EXPECT_EQ(store.rounds, rounds + 2);
}

TEST_F(TheHistory, AnswersThoseWhoWaitAtItsEnd) {
  answers_at_once = false;
  history->read_page({}, keep());
  history->read_queue("mail", {.step = 10s, .points = 1}, keep());
  EXPECT_EQ(answers, 0);
  history.reset();
  EXPECT_EQ(answers, 2);
  EXPECT_FALSE(answer);
}

}  // namespace jobqd::metrics
