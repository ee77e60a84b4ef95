#include "stores/embedded/job_table.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace jobqd::stores::embedded {

namespace {

Record record(std::string_view id, std::uint64_t number) {
  Record made;
  made.content = journal::JobBytes(id, "null");
  made.number = number;
  return made;
}

}  // namespace

TEST(JobTable, FindsAJobByHandleAndById) {
  JobTable table;
  const auto handle = table.insert(record("a", 1));
  EXPECT_EQ(table.find_id("a"), handle);
  EXPECT_EQ(table.at(handle).content.id(), "a");
  EXPECT_EQ(table.size(), 1U);
}

TEST(JobTable, FindsNothingThatIsNotThere) {
  JobTable table;
  table.insert(record("a", 1));
  EXPECT_EQ(table.find_id("b"), JobHandle{});
  EXPECT_EQ(table.find_id(""), JobHandle{});
  EXPECT_EQ(table.find(JobHandle{}), nullptr);
  EXPECT_EQ(table.find({.number = 1, .slot = JobSlot{}}), nullptr);
  EXPECT_EQ(table.find({.number = 1, .slot = JobSlot{2}}), nullptr);
  EXPECT_EQ(table.find({.number = 0, .slot = JobSlot{2}}), nullptr) << "a free slot holds no job";
  EXPECT_EQ(table.find({.number = 1, .slot = JobSlot{12'345}}), nullptr);
}

TEST(JobTable, ForgetsAnErasedJob) {
  JobTable table;
  const auto handle = table.insert(record("a", 1));
  table.erase(handle);
  EXPECT_EQ(table.find(handle), nullptr);
  EXPECT_EQ(table.find_id("a"), JobHandle{});
  EXPECT_TRUE(table.by_age().empty());
}

TEST(JobTable, NeverTakesAnOldHandleForANewJob) {
  JobTable table;
  const auto old = table.insert(record("a", 1));
  table.erase(old);
  const auto fresh = table.insert(record("a", 2));
  EXPECT_NE(fresh, old);
  EXPECT_EQ(table.find(old), nullptr);
  EXPECT_EQ(table.find_id("a"), fresh);
}

TEST(JobTable, NeverTakesAnOldHandleForANewJobHoweverOftenASlotIsUsedAgain) {
  // A handle that had only the lower 32 or 48 bits of the number would find the last job of each pair.
  JobTable table;
  for (const auto step : {std::uint64_t{1} << 32, std::uint64_t{1} << 48}) {
    const auto number = 3 * step;
    const auto old = table.insert(record("a", number));
    table.erase(old);
    const auto fresh = table.insert(record("a", number + step));
    ASSERT_EQ(fresh.slot, old.slot);
    EXPECT_EQ(table.find(old), nullptr);
    EXPECT_NE(table.find(fresh), nullptr);
    table.erase(fresh);
  }
  const auto last = table.insert(record("last", std::numeric_limits<std::uint64_t>::max()));
  EXPECT_EQ(table.find_id("last"), last);
}

TEST(JobTable, ForgetsTheHandlesOfABlockThatGaveItsMemoryBack) {
  JobTable table;
  std::vector<JobHandle> jobs;
  for (std::uint64_t i = 1; i <= 1'000; ++i) jobs.push_back(table.insert(record(std::to_string(i), i)));
  for (const auto job : jobs) table.erase(job);
  for (const auto job : jobs) EXPECT_EQ(table.find(job), nullptr);
  for (std::uint64_t i = 1'001; i <= 2'000; ++i) table.insert(record(std::to_string(i), i));
  for (const auto job : jobs) EXPECT_EQ(table.find(job), nullptr);
}

TEST(JobTable, DoesNotMoveRecords) {
  JobTable table;
  const Record* first = table.find(table.insert(record("first", 1)));
  for (std::uint64_t i = 2; i <= 1'000; ++i) table.insert(record(std::to_string(i), i));
  EXPECT_EQ(table.find(table.find_id("first")), first);
}

TEST(JobTable, ListsJobsByAge) {
  JobTable table;
  table.insert(record("a", 1));
  const auto b = table.insert(record("b", 2));
  table.insert(record("c", 3));
  table.erase(b);
  table.insert(record("d", 4));  // In the slot of b.
  std::string newest_first;
  table.by_age().visit_newest_first(0, [&](std::uint64_t number, JobSlot slot) {
    EXPECT_EQ(table.handle(slot), (JobHandle{.number = number, .slot = slot}));
    newest_first += table.at(table.handle(slot)).content.id();
    return true;
  });
  EXPECT_EQ(newest_first, "dca");
}

TEST(JobTableDeathTest, StopsAtAnIdThatIsTaken) {
  JobTable table;
  table.insert(record("a", 1));
  EXPECT_DEATH(table.insert(record("a", 2)), "broken invariant");
}

TEST(JobTableDeathTest, StopsAtAHandleOfAnErasedJob) {
  JobTable table;
  const auto handle = table.insert(record("a", 1));
  table.erase(handle);
  EXPECT_DEATH((void)table.at(handle), "broken invariant");
}

}  // namespace jobqd::stores::embedded
