#include "stores/embedded/sweeps.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace jobqd::stores::embedded {

namespace {

using domain::Reason;
using domain::Status;

constexpr std::uint64_t any_number = 1'000'000;

class SweepsTest : public testing::Test {
 protected:
  JobHandle add(Status status, std::uint16_t queue = 0, bool durable = true) {
    Record record;
    record.number = ++number_;
    record.content = journal::JobBytes(std::to_string(number_), "null");
    record.queue = queue;
    record.set_progress({.status = status, .reason = domain::Reason::none}, table_.histories());
    record.durable = durable;
    const auto job = table_.insert(std::move(record));
    if (table_.at(job).finished()) finished_.add(job, base::SteadyTime::max());
    return job;
  }

  JobTable table_;
  FinishedJobs finished_{table_, {.jobs = 100'000, .bytes = 1'000'000}};
  Sweeps sweeps_;

 private:
  std::uint64_t number_ = 0;
};

}  // namespace

TEST_F(SweepsTest, ChooseTheJobsOfTheirQueueAndStatus) {
  const auto failed = add(Status::failed);
  add(Status::queued);
  add(Status::done);
  add(Status::failed, 1);
  add(Status::failed, 0, false);
  const auto newest = add(Status::failed);
  sweeps_.add({.queue = 0, .status = Status::failed, .action = SweepAction::retry, .before = any_number});

  const auto step = sweeps_.next(table_, finished_);
  EXPECT_EQ(step.action, SweepAction::retry);
  EXPECT_EQ(step.jobs, (std::vector{newest, failed}));
  ASSERT_TRUE(step.finished);
  EXPECT_EQ(step.finished->count, 2U);
  EXPECT_TRUE(sweeps_.empty());
}

TEST_F(SweepsTest, LeaveJobsAloneThatCameAfterTheirBeginning) {
  const auto before = add(Status::queued);
  sweeps_.add({.status = Status::queued, .before = table_.at(before).number + 1});
  add(Status::queued);
  EXPECT_EQ(sweeps_.next(table_, finished_).jobs, std::vector{before});
}

TEST_F(SweepsTest, ChangeAThousandJobsInOneStepAndEachOnce) {
  for (int i = 0; i < 2'500; ++i) add(Status::queued);
  sweeps_.add({.status = Status::queued, .before = any_number});
  std::vector<JobHandle> swept;
  std::vector<std::size_t> steps;
  while (!sweeps_.empty()) {
    const auto step = sweeps_.next(table_, finished_);
    steps.push_back(step.jobs.size());
    swept.insert(swept.end(), step.jobs.begin(), step.jobs.end());
    if (step.finished) {
      EXPECT_EQ(step.finished->count, 2'500U);
    }
  }
  EXPECT_EQ(steps, (std::vector<std::size_t>{1'000, 1'000, 500}));
  std::ranges::sort(swept);
  EXPECT_EQ(std::ranges::adjacent_find(swept), swept.end());
}

TEST_F(SweepsTest, LookAtTenThousandJobsInOneStep) {
  const auto wanted = add(Status::done);
  for (int i = 0; i < 10'000; ++i) add(Status::queued);
  sweeps_.add({.status = Status::done, .before = any_number});
  const auto first = sweeps_.next(table_, finished_);
  EXPECT_TRUE(first.jobs.empty());
  EXPECT_FALSE(first.finished);
  const auto second = sweeps_.next(table_, finished_);
  EXPECT_EQ(second.jobs, std::vector{wanted});
  EXPECT_TRUE(second.finished);
}

TEST_F(SweepsTest, FindFailedJobsAtOnceBehindAnyNumberOfOthers) {
  const auto wanted = add(Status::failed);
  for (int i = 0; i < 20'000; ++i) add(i % 2 == 0 ? Status::queued : Status::done);
  for (int i = 0; i < 20'000; ++i) add(Status::failed, 1);
  sweeps_.add({.status = Status::failed, .before = any_number});
  const auto step = sweeps_.next(table_, finished_);
  EXPECT_EQ(step.jobs, std::vector{wanted});
  EXPECT_TRUE(step.finished);
}

TEST_F(SweepsTest, ChooseAmongTheReasons) {
  const auto exhausted = add(Status::failed);
  const auto cancelled = add(Status::failed);
  const auto rejected = add(Status::failed);
  const auto give = [this](JobHandle job, Reason reason) {
    table_.at(job).set_progress({.status = Status::failed, .reason = reason}, table_.histories());
  };
  give(exhausted, Reason::exhausted);
  give(cancelled, Reason::cancelled);
  give(rejected, Reason::rejected);
  sweeps_.add(
      {.status = Status::failed, .reasons = {Reason::exhausted, Reason::rejected}, .before = any_number});
  EXPECT_EQ(sweeps_.next(table_, finished_).jobs, (std::vector{rejected, exhausted}));
}

TEST_F(SweepsTest, ComeOneAfterTheOther) {
  add(Status::failed);
  add(Status::queued);
  sweeps_.add({.status = Status::failed, .action = SweepAction::retry, .before = any_number});
  sweeps_.add({.status = Status::queued, .action = SweepAction::remove, .before = any_number});
  EXPECT_EQ(sweeps_.next(table_, finished_).action, SweepAction::retry);
  EXPECT_EQ(sweeps_.next(table_, finished_).action, SweepAction::remove);
  EXPECT_TRUE(sweeps_.empty());
}

}  // namespace jobqd::stores::embedded
