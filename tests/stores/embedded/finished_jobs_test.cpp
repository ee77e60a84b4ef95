#include "stores/embedded/finished_jobs.hpp"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace jobqd::stores::embedded {

namespace {

using base::milliseconds;
using base::SteadyTime;

constexpr FinishedJobs::Limits plenty{.jobs = 1'000, .bytes = 1'000'000};

SteadyTime at(int ms) {
  return SteadyTime{milliseconds{1'000'000 + ms}};
}

class FinishedJobsTest : public testing::Test {
 protected:
  JobHandle job(std::uint16_t queue = 0, std::size_t payload_bytes = 4) {
    Record record;
    record.number = ++number_;
    record.content = journal::JobBytes(std::to_string(number_), std::string(payload_bytes, '1'));
    record.queue = queue;
    set_status(record, domain::Status::done);
    return table_.insert(std::move(record));
  }

  /// Forgets, as the store does, what has to be forgotten at `now`.
  std::vector<JobHandle> forget(FinishedJobs& finished, SteadyTime now) {
    std::vector<JobHandle> forgotten;
    while (const auto next = finished.next_to_forget(now)) {
      finished.remove(*next);
      table_.erase(*next);
      forgotten.push_back(*next);
    }
    return forgotten;
  }

  void set_status(Record& record, domain::Status status) {
    record.set_progress({.status = status, .reason = domain::Reason::none}, table_.histories());
  }

  JobTable table_;

 private:
  std::uint64_t number_ = 0;
};

using Handles = std::vector<JobHandle>;

}  // namespace

TEST_F(FinishedJobsTest, AreForgottenWhenTheirTimeIsUp) {
  FinishedJobs finished(table_, plenty);
  const auto a = job();
  const auto b = job();
  finished.add(a, at(100));
  finished.add(b, at(200));
  EXPECT_EQ(finished.next_expiry(), at(100));
  EXPECT_EQ(forget(finished, at(99)), Handles{});
  EXPECT_EQ(forget(finished, at(100)), Handles{a});
  EXPECT_EQ(finished.next_expiry(), at(200));
}

TEST_F(FinishedJobsTest, AreForgottenInTheOrderOfTheirEndsIfThereAreTooMany) {
  FinishedJobs finished(table_, {.jobs = 2, .bytes = 1'000'000});
  const auto first = job(1);
  const auto second = job(0);
  const auto third = job(1);
  finished.add(first, at(10'000));
  finished.add(second, at(10));
  EXPECT_EQ(forget(finished, at(0)), Handles{});
  finished.add(third, at(10'000));
  EXPECT_EQ(forget(finished, at(0)), Handles{first}) << "the oldest of all queues";
}

TEST_F(FinishedJobsTest, AreForgottenInTheOrderOfTheirEndsWhereTicketsUseAnotherBit) {
  for (const auto last : {(std::uint64_t{1} << 32) - 3, (std::uint64_t{1} << 48) - 3}) {
    FinishedJobs finished(table_, {.jobs = 0, .bytes = 0}, last);
    Handles ended;
    for (std::uint16_t i = 0; i < 6; ++i) ended.push_back(job(i % 3));
    for (const auto each : ended) {
      finished.add(each, at(10'000));
      EXPECT_NE(table_.at(each).ticket, Ticket{}) << "that would be no ticket";
    }
    EXPECT_EQ(forget(finished, at(0)), ended);
  }
}

TEST_F(FinishedJobsTest, AreForgottenIfTheyTakeTooManyBytes) {
  FinishedJobs finished(table_, {.jobs = 1'000, .bytes = 100});
  const auto small = job(0, 40);
  const auto large = job(0, 60);
  const auto next = job(0, 41);
  finished.add(small, at(10'000));
  finished.add(large, at(10'000));
  EXPECT_EQ(forget(finished, at(0)), Handles{});
  finished.add(next, at(10'000));
  EXPECT_EQ(forget(finished, at(0)), (Handles{small, large}));
}

TEST_F(FinishedJobsTest, CountTheirResultsAndErrorsAsBytes) {
  FinishedJobs finished(table_, {.jobs = 1'000, .bytes = 100});
  const auto with_result = job(0, 10);
  table_.at(with_result).history(table_.histories()).ending = std::make_unique<journal::Ending>(
      journal::Ending{.last_error = std::string(50, 'e'), .result = std::string(41, 'r')});
  finished.add(with_result, at(10'000));
  EXPECT_EQ(forget(finished, at(0)), Handles{with_result});
}

TEST_F(FinishedJobsTest, ThatRunAgainAreNotCountedAnyMore) {
  FinishedJobs finished(table_, {.jobs = 1, .bytes = 1'000});
  const auto retried = job();
  const auto other = job();
  finished.add(retried, at(100));
  finished.remove(retried);
  EXPECT_TRUE(table_.at(retried).due.is_none());
  EXPECT_EQ(table_.at(retried).ticket, Ticket{});
  finished.add(other, at(200));
  EXPECT_EQ(forget(finished, at(150)), Handles{});
  EXPECT_EQ(finished.next_expiry(), at(200));
}

TEST_F(FinishedJobsTest, ThatFailedAreFoundByQueueAndNumber) {
  FinishedJobs finished(table_, plenty);
  const auto done = job(1);
  const std::array failed{job(1), job(1), job(0), job(1)};
  for (const auto each : failed) set_status(table_.at(each), domain::Status::failed);
  const auto visited = [&](std::uint16_t queue, std::uint64_t before, std::size_t most) {
    Handles found;
    finished.visit_failed(queue, before, [&](std::uint64_t number, JobSlot slot) {
      const JobHandle each{.number = number, .slot = slot};
      EXPECT_EQ(table_.at(each).number, number);
      found.push_back(each);
      return found.size() < most;
    });
    return found;
  };
  EXPECT_EQ(visited(1, 0, 10), Handles{}) << "before the first job";
  finished.add(done, at(100));
  for (const auto each : {failed[3], failed[0], failed[2], failed[1]}) finished.add(each, at(200));
  EXPECT_EQ(visited(1, 0, 10), (Handles{failed[3], failed[1], failed[0]})) << "by number, not by their ends";
  EXPECT_EQ(visited(0, 0, 10), Handles{failed[2]});
  EXPECT_EQ(visited(1, table_.at(failed[3]).number, 1), Handles{failed[1]});
  finished.remove(failed[1]);
  EXPECT_EQ(visited(1, 0, 10), (Handles{failed[3], failed[0]}));
  finished.remove(done);
  EXPECT_EQ(visited(2, 0, 10), Handles{}) << "no job of this queue has ended";
}

TEST_F(FinishedJobsTest, OfOneQueueAreKeptLongerIfItsRetentionGrows) {
  FinishedJobs finished(table_, plenty);
  const auto longer = job(0);
  const auto as_before = job(1);
  finished.add(longer, at(100));
  finished.add(as_before, at(100));
  finished.keep_longer(0, milliseconds{50});
  EXPECT_EQ(forget(finished, at(100)), Handles{as_before});
  EXPECT_EQ(finished.next_expiry(), at(150));
  finished.keep_longer(0, milliseconds{-100});
  EXPECT_EQ(forget(finished, at(100)), Handles{longer}) << "a shorter retention holds at once";
}

}  // namespace jobqd::stores::embedded
