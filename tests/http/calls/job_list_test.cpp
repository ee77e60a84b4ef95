// A page of jobs in pieces, over a real store.

#include "http/calls/job_list.hpp"

#include <charconv>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <jobqd/base/random.hpp>
#include <jobqd/engine/observer.hpp>
#include <jobqd/stores/embedded_store.hpp>

#include "http/calls/fake_exchange.hpp"
#include "support/jobs.hpp"
#include "support/manual_clock.hpp"

namespace jobqd::http {

namespace {

using nlohmann::json;

class TheJobList : public testing::Test {
 protected:
  TheJobList()
      : store(stores::open_memory_store({.queues = {{.name = "default", .capacity = 100'000}}},
                                        {.clock = clock, .random = random, .observer = observer})) {}

  /// Further jobs 0, 1, … with payloads of this size, quotes included.
  void submit(std::size_t count, std::size_t bytes = 4) {
    std::vector<domain::NewJob> jobs;
    for (std::size_t i = 0; i < count; ++i) {
      jobs.push_back(support::new_job(std::to_string(submitted_++)));
      jobs.back().payload = '"' + std::string(bytes - 2, 'x') + '"';
    }
    store->submit(std::move(jobs), [](const auto& submitted) { ASSERT_TRUE(submitted); });
  }

  std::shared_ptr<FakeExchange> page(engine::ListQuery query = {}, std::size_t room = piece_bytes) {
    auto exchange = std::make_shared<FakeExchange>(Room{.now = room});
    JobList::answer(*store, std::move(query), exchange);
    return exchange;
  }

  static std::size_t jobs_in(const FakeExchange& exchange) {
    return json::parse(exchange.response().body).at("jobs").size();
  }

  static std::uint64_t cursor_of(const json& page) {
    const auto text = page.at("next_cursor").get<std::string>();
    std::uint64_t cursor = 0;
    std::from_chars(text.data(), text.data() + text.size(), cursor);
    return cursor;
  }

  support::ManualClock clock;
  base::Random random{1};
  engine::Observer observer;
  std::unique_ptr<engine::Store> store;

 private:
  int submitted_ = 0;
};

}  // namespace

TEST_F(TheJobList, AnswersASmallPageInOnePiece) {
  submit(50);
  const auto exchange = page();
  EXPECT_EQ(exchange->pieces(), 1);
  EXPECT_EQ(jobs_in(*exchange), 50U);
}

TEST_F(TheJobList, AnswersAnEmptyPage) {
  EXPECT_EQ(page()->response().body, R"({"jobs":[]})");
}

TEST_F(TheJobList, AnswersALargePageInPiecesThatMakeTheSamePage) {
  submit(1000);
  const auto large = page({.limit = 1000});
  EXPECT_GT(large->pieces(), 5);
  const auto jobs = json::parse(large->response().body).at("jobs");
  ASSERT_EQ(jobs.size(), 1000U);
  for (std::size_t i = 0; i < jobs.size(); ++i)
    ASSERT_EQ(jobs[i].at("id"), std::to_string(999 - i)) << "newest first, each once";
  EXPECT_EQ(json::parse(page({.limit = 1000}, 1)->response().body), json::parse(large->response().body));
}

TEST_F(TheJobList, LeadsFromPageToPage) {
  submit(1000);
  const auto first = json::parse(page({.limit = 600})->response().body);
  EXPECT_EQ(first.at("jobs").size(), 600U);
  EXPECT_EQ(first.at("jobs").back().at("id"), "400");
  const auto cursor = cursor_of(first);
  const auto second = json::parse(page({.limit = 600, .before = cursor})->response().body);
  EXPECT_EQ(second.at("jobs").size(), 400U);
  EXPECT_EQ(second.at("jobs").front().at("id"), "399");
  EXPECT_FALSE(second.contains("next_cursor"));
}

TEST_F(TheJobList, TakesOneJobWhereThereIsHardlyAnyRoom) {
  submit(3, 100'000);
  const auto exchange = page({}, 1);
  EXPECT_EQ(exchange->pieces(), 3);
  EXPECT_EQ(jobs_in(*exchange), 3U);
}

TEST_F(TheJobList, FitsIntoItsRoomHoweverSmallTheJobsAre) {
  constexpr std::size_t room = 8UL * 1024;
  submit(1000);
  const auto exchange = page({.limit = 1000}, room);
  EXPECT_GE(static_cast<std::size_t>(exchange->pieces()) * room, exchange->response().body.size());
}

TEST_F(TheJobList, HoldsNoMoreThanAPieceOrOneJob) {
  submit(20, 30'000);
  const auto exchange = page();
  EXPECT_EQ(exchange->pieces(), 10) << "two of them fit into 64 KiB";
  submit(1, 1'000'000);
  EXPECT_EQ(page()->pieces(), 11);
}

TEST_F(TheJobList, EndsAPageAtFourMebibytes) {
  submit(10, 1'000'000);
  const auto first = json::parse(page()->response().body);
  EXPECT_EQ(first.at("jobs").size(), 5U);
  EXPECT_TRUE(first.contains("next_cursor"));
}

TEST_F(TheJobList, EndsAPageAfterTenThousandJobsThatDoNotMatch) {
  submit(15'000);
  const auto first = json::parse(page({.status = domain::Status::done})->response().body);
  EXPECT_EQ(first.at("jobs").size(), 0U);
  const auto cursor = cursor_of(first);
  const auto second = json::parse(page({.status = domain::Status::done, .before = cursor})->response().body);
  EXPECT_FALSE(second.contains("next_cursor"));
}

TEST_F(TheJobList, ReportsAQueueThatIsNotThere) {
  EXPECT_EQ(summary(page({.queue = "nowhere"})->response()), "404 /problems/queue-not-found");
}

}  // namespace jobqd::http
