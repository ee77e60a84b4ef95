#include "stores/journal/trouble.hpp"

#include <gtest/gtest.h>

namespace jobqd::stores::journal {

TEST(Trouble, SaysWhyUntilItIsOver) {
  Trouble trouble;
  EXPECT_FALSE(trouble.exists());
  EXPECT_EQ(trouble.why(), "");
  EXPECT_TRUE(trouble.set("the disk is full"));
  EXPECT_TRUE(trouble.exists());
  EXPECT_EQ(trouble.why(), "the disk is full");
  EXPECT_TRUE(trouble.set(""));
  EXPECT_FALSE(trouble.exists());
  EXPECT_EQ(trouble.why(), "");
}

TEST(Trouble, KnowsWhatIsNews) {
  Trouble trouble;
  EXPECT_FALSE(trouble.set(""));
  EXPECT_TRUE(trouble.set("the disk is full"));
  EXPECT_FALSE(trouble.set("the disk is full"));
  EXPECT_TRUE(trouble.set("the database is read-only"));
}

}  // namespace jobqd::stores::journal
