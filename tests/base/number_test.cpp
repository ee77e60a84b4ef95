#include <jobqd/base/number.hpp>

#include <gtest/gtest.h>

namespace jobqd::base {

TEST(SubSat, IsNeverBelowZero) {
  EXPECT_EQ(sub_sat(5, 3), 2U);
  EXPECT_EQ(sub_sat(5, 5), 0U);
  EXPECT_EQ(sub_sat(5, 6), 0U);
}

}  // namespace jobqd::base
