// Pages of queues in each order.

#include "metrics/history/queue_order.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace jobqd::metrics::history {

namespace {

using namespace std::chrono_literals;
using enum http::QueueSort;
using testing::ElementsAre;
using testing::IsEmpty;

engine::QueueCounts queue(std::string name, std::uint64_t waiting = 0, std::uint64_t failures = 0,
                          base::milliseconds age = 0ms) {
  engine::QueueCounts counts{.name = std::move(name), .oldest_ready = age};
  counts.ready = waiting;
  counts.counts.by_status[static_cast<std::size_t>(domain::Status::failed)] = failures;
  return counts;
}

class PagesOfQueues : public testing::Test {
 protected:
  /// The names on a page.
  std::vector<std::string> page(const http::QueuePageQuery& query) {
    const auto found = order.page(query);
    next = found.next;
    std::vector<std::string> names;
    for (const auto& row : found.rows) names.push_back(row.name);
    return names;
  }

  /// The names on all pages.
  std::vector<std::string> pages(http::QueuePageQuery query) {
    std::vector<std::string> all;
    do {
      for (auto& name : page(query)) all.push_back(std::move(name));
      query.after = next;
    } while (next);
    return all;
  }

  QueueOrder order;
  std::optional<http::QueuePosition> next;
};

}  // namespace

TEST_F(PagesOfQueues, AreSortedByName) {
  for (const auto* name : {"web", "Mail", "a.b", "a-b", "mail"}) order.add(queue(name));
  EXPECT_THAT(page({}), ElementsAre("Mail", "a-b", "a.b", "mail", "web"));
  EXPECT_FALSE(next);
}

TEST_F(PagesOfQueues, AreSortedByFiguresAndThenByName) {
  order.add(queue("d", 5, 0, 1s));
  order.add(queue("c", 7, 2, 0s));
  order.add(queue("b", 7, 9, 2s));
  order.add(queue("a", 0, 0, 2s));
  EXPECT_THAT(page({.sort = ready}), ElementsAre("b", "c", "d", "a"));
  EXPECT_THAT(page({.sort = failed}), ElementsAre("b", "c", "a", "d"));
  EXPECT_THAT(page({.sort = oldest}), ElementsAre("a", "b", "d", "c"));
}

TEST_F(PagesOfQueues, TakeOnlyNamesThatBeginSo) {
  for (const auto* name : {"mail-b", "web", "mail-a", "mai"}) order.add(queue(name));
  EXPECT_THAT(page({.prefix = "mail"}), ElementsAre("mail-a", "mail-b"));
  EXPECT_THAT(page({.prefix = "x"}), IsEmpty());
}

TEST_F(PagesOfQueues, GoOnWhereTheLastOneEnded) {
  for (const auto* name : {"c", "a", "x", "b"}) order.add(queue(name));
  EXPECT_THAT(page({.limit = 2}), ElementsAre("a", "b"));
  ASSERT_TRUE(next);
  EXPECT_EQ(next->name, "b");
  EXPECT_THAT(page({.limit = 2, .after = next}), ElementsAre("c", "x"));
  EXPECT_FALSE(next) << "a full page may be the last";
}

TEST_F(PagesOfQueues, HaveEachQueueOnceInAnyOrder) {
  for (std::uint64_t i = 0; i < 100; ++i)
    order.add(queue(fmt::format("q{}", i), i % 3, i % 7, base::milliseconds{i % 2}));
  for (const auto sort : {name, ready, failed, oldest})
    for (const std::size_t limit : {1U, 3U, 99U, 100U, 200U}) {
      const auto all = pages({.sort = sort, .limit = limit});
      EXPECT_EQ(all, page({.sort = sort, .limit = 1'000}));
      EXPECT_EQ(all.size(), 100U);
    }
  EXPECT_THAT(pages({.sort = failed, .prefix = "q1", .limit = 4}), testing::SizeIs(11));
}

TEST_F(PagesOfQueues, GoOnBehindAQueueThatIsGone) {
  for (const auto* name : {"a", "c", "d"}) order.add(queue(name, 5));
  EXPECT_THAT(page({.after = http::QueuePosition{.name = "b"}}), ElementsAre("c", "d"));
  EXPECT_THAT(page({.sort = ready, .after = http::QueuePosition{.key = 5, .name = "b"}}),
              ElementsAre("c", "d"));
  EXPECT_THAT(page({.sort = ready, .after = http::QueuePosition{.key = 4, .name = "b"}}), IsEmpty());
  EXPECT_THAT(page({.sort = ready, .after = http::QueuePosition{.key = 6, .name = "b"}}),
              ElementsAre("a", "c", "d"));
}

}  // namespace jobqd::metrics::history
