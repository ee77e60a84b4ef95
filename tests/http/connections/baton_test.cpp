#include "http/connections/baton.hpp"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace jobqd::http {

TEST(Baton, StaysWithItsHolderIfNobodyTakesIt) {
  Baton baton;
  for (int i = 0; i < 3; ++i) {
    const auto left = baton.leave();
    EXPECT_TRUE(Baton::is_out(left));
    EXPECT_TRUE(baton.come_back(left));
    EXPECT_FALSE(Baton::is_out(baton.look()));
  }
}

TEST(Baton, IsTakenOnlyWhileItsHolderIsOut) {
  Baton baton;
  EXPECT_FALSE(baton.take(baton.look()));
  const auto left = baton.leave();
  EXPECT_TRUE(baton.take(baton.look()));
  EXPECT_FALSE(baton.take(left)) << "it is held again";
  EXPECT_FALSE(baton.come_back(left));
}

TEST(Baton, IsNotTakenFromAHolderThatCameBackMeanwhile) {
  Baton baton;
  const auto seen = baton.leave();
  EXPECT_TRUE(baton.come_back(seen));
  EXPECT_FALSE(baton.take(seen));
  const auto again = baton.leave();
  EXPECT_FALSE(baton.take(seen)) << "it left again, and has not been out since";
  EXPECT_TRUE(baton.take(again));
}

TEST(Baton, HasOneHolderAtATime) {
  Baton baton;
  std::atomic<int> holders = 1;
  std::atomic<int> most = 1;
  const auto use = [&](bool holds) {
    for (int i = 0; i < 20'000; ++i) {
      if (!holds) {
        holds = baton.take(baton.look());
        if (!holds) continue;
        if (const int now = ++holders; now > most) most = now;
      }
      // As a holder that is about to leave, it counts no more.
      --holders;
      const auto left = baton.leave();
      holds = baton.come_back(left);
      if (!holds) continue;
      if (const int now = ++holders; now > most) most = now;
    }
    // It ends out, so that the other one can take over.
    if (holds) --holders;
    if (holds) static_cast<void>(baton.leave());
  };
  {
    const std::jthread first([&] { use(true); });
    const std::jthread second([&] { use(false); });
  }
  EXPECT_EQ(most, 1);
}

}  // namespace jobqd::http
