#include "stores/embedded/restore_progress.hpp"

#include <gtest/gtest.h>

namespace jobqd::stores::embedded {

TEST(RestoreProgress, SaysNothingBeforeAndAfterTheRestoration) {
  RestoreProgress progress;
  EXPECT_EQ(progress.describe(), "");
  progress.begin({});
  EXPECT_TRUE(progress.under_way());
  progress.end();
  EXPECT_FALSE(progress.under_way());
  EXPECT_EQ(progress.describe(), "");
}

TEST(RestoreProgress, CountsJobs) {
  RestoreProgress progress;
  progress.begin({});
  EXPECT_EQ(progress.describe(), "restoring 0 jobs so far");
  progress.add(999, 0);
  EXPECT_EQ(progress.describe(), "restoring 999 jobs so far");
  progress.add(339'001, 1'000'000);
  EXPECT_EQ(progress.describe(), "restoring 340,000 of 1,000,000 jobs");
}

}  // namespace jobqd::stores::embedded
