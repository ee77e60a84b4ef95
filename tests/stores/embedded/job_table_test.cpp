#include "stores/embedded/job_table.hpp"

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
  EXPECT_EQ(table.find_id("b"), 0U);
  EXPECT_EQ(table.find_id(""), 0U);
  EXPECT_EQ(table.find(0), nullptr);
  EXPECT_EQ(table.find(12'345), nullptr);
}

TEST(JobTable, ForgetsAnErasedJob) {
  JobTable table;
  const auto handle = table.insert(record("a", 1));
  table.erase(handle);
  EXPECT_EQ(table.find(handle), nullptr);
  EXPECT_EQ(table.find_id("a"), 0U);
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
  table.by_age().visit_newest_first(0, [&](std::uint64_t, JobHandle handle) {
    newest_first += table.at(handle).content.id();
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
