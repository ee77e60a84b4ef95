#include <jobqd/base/check.hpp>

#include <gtest/gtest.h>

namespace jobqd::base {

TEST(Check, LetsPassWhatHolds) {
  int evaluated = 0;
  JOBQD_CHECK(++evaluated == 1);
  EXPECT_EQ(evaluated, 1);
}

TEST(CheckDeathTest, SaysWhatIsBrokenAndWhereInEveryBuild) {
  const int answer = 41;
  EXPECT_DEATH(JOBQD_CHECK(answer == 42), "broken invariant `answer == 42` at .*check_test.cpp");
}

TEST(CheckDeathTest, ReportsUnreachableCodeThatWasReached) {
  EXPECT_DEATH(JOBQD_UNREACHABLE("nobody comes here"),
               "broken invariant `nobody comes here` at .*check_test.cpp");
}

}  // namespace jobqd::base
