#include <jobqd/base/clock.hpp>

#include <gtest/gtest.h>

namespace jobqd::base {

TEST(SystemClock, NeverGoesBack) {
  const SystemClock clock;
  auto before = clock.now();
  for (int i = 0; i < 1'000; ++i) {
    const auto now = clock.now();
    ASSERT_GE(now.steady, before.steady);
    before = now;
  }
}

}  // namespace jobqd::base
