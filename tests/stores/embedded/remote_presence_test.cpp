#include "stores/embedded/remote_presence.hpp"

#include <gtest/gtest.h>

namespace jobqd::stores::embedded {

namespace {

base::SteadyTime at(int seconds) {
  return base::SteadyTime{std::chrono::seconds{1'000 + seconds}};
}

}  // namespace

TEST(RemotePresence, IsThereOnceAWorkerWasSeen) {
  RemotePresence presence;
  EXPECT_FALSE(presence.is_there(at(0)));
  presence.see(at(0));
  EXPECT_TRUE(presence.is_there(at(59)));
  EXPECT_FALSE(presence.is_there(at(60)));
}

TEST(RemotePresence, LastsAsLongAsAWorkerWaitsOrHoldsALease) {
  RemotePresence presence;
  presence.begin();
  presence.begin();
  EXPECT_TRUE(presence.is_there(at(10'000)));
  presence.end(at(10'000));
  EXPECT_TRUE(presence.is_there(at(20'000)));
  presence.end(at(20'000));
  EXPECT_TRUE(presence.is_there(at(20'059)));
  EXPECT_FALSE(presence.is_there(at(20'060)));
}

}  // namespace jobqd::stores::embedded
