#include "stores/sqlite/log_schedule.hpp"

#include <gtest/gtest.h>

namespace jobqd::stores::sqlite {

namespace {

using Checkpoint = LogUpkeep::Checkpoint;

constexpr int checkpoint_pages = 4'096;
constexpr std::uint64_t plenty = 1'000'000;

/// What is done after a commit that left the log `pages` long, on a disk with `free` pages.
LogUpkeep after(LogSchedule& schedule, int pages, std::uint64_t free) {
  return schedule.space_check_due(pages) ? schedule.after_space_check(pages, free)
                                         : schedule.after_commit(pages);
}

}  // namespace

TEST(LogSchedule, LooksAtTheSpaceAfterTheFirstCommit) {
  LogSchedule schedule(checkpoint_pages);
  EXPECT_TRUE(schedule.space_check_due(2));
}

TEST(LogSchedule, WithPlentyOfSpaceKeepsTheFileTwoChecksAhead) {
  LogSchedule schedule(checkpoint_pages);
  EXPECT_EQ(after(schedule, 2, plenty), (LogUpkeep{.lengthen_to = 2 + 64 + 64}));
  for (int pages = 4; pages < 66; pages += 2) EXPECT_EQ(after(schedule, pages, plenty), LogUpkeep{}) << pages;
  EXPECT_EQ(after(schedule, 66, plenty), (LogUpkeep{.lengthen_to = 66 + 64 + 64}));
}

TEST(LogSchedule, SpaceThatIsUnknownCountsAsPlenty) {
  LogSchedule schedule(checkpoint_pages);
  EXPECT_EQ(after(schedule, 2, LogSchedule::unknown_space), (LogUpkeep{.lengthen_to = 130}));
}

TEST(LogSchedule, WithLittleSpaceLooksAgainBeforeHalfOfItIsUsed) {
  LogSchedule schedule(checkpoint_pages);
  EXPECT_EQ(after(schedule, 10, 30), LogUpkeep{});  // 20 pages to spare
  EXPECT_FALSE(schedule.space_check_due(19));
  EXPECT_TRUE(schedule.space_check_due(20));
}

TEST(LogSchedule, ALogThatTheDatabaseCouldNotTakeInIsTruncated) {
  LogSchedule schedule(checkpoint_pages);
  EXPECT_EQ(after(schedule, 10, 9), (LogUpkeep{.checkpoint = Checkpoint::truncate}));
  EXPECT_EQ(after(schedule, 2, 19), LogUpkeep{}) << "it has begun anew";
}

TEST(LogSchedule, ALongLogIsCopiedAfterEveryCommitUntilItBeginsAnew) {
  LogSchedule schedule(checkpoint_pages);
  (void)after(schedule, 4'090, plenty);
  EXPECT_EQ(after(schedule, 4'095, plenty).checkpoint, Checkpoint::none);
  EXPECT_EQ(after(schedule, 4'096, plenty).checkpoint, Checkpoint::passive);
  EXPECT_EQ(after(schedule, 4'098, plenty).checkpoint, Checkpoint::passive);
  EXPECT_EQ(after(schedule, 2, plenty).checkpoint, Checkpoint::none);
}

TEST(LogSchedule, LooksAtTheSpaceWhenTheLogBeginsAnew) {
  LogSchedule schedule(checkpoint_pages);
  (void)after(schedule, 1'000, plenty);
  EXPECT_FALSE(schedule.space_check_due(1'001));
  EXPECT_TRUE(schedule.space_check_due(2));
}

TEST(LogSchedule, NeverLetsTheLogGrowFarWithoutALook) {
  LogSchedule schedule(checkpoint_pages);
  int last_look = 0;
  for (int pages = 1; pages < checkpoint_pages; ++pages) {
    if (!schedule.space_check_due(pages)) continue;
    EXPECT_LE(pages - last_look, 64);
    last_look = pages;
    (void)schedule.after_space_check(pages, plenty);
  }
  EXPECT_GT(last_look, checkpoint_pages - 64);
}

}  // namespace jobqd::stores::sqlite
