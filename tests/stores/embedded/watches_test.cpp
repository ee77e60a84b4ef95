#include "stores/embedded/watches.hpp"

#include <memory>

#include <gtest/gtest.h>

namespace jobqd::stores::embedded {

namespace {

constexpr JobHandle one{.number = 1, .slot = JobSlot{1}};
constexpr JobHandle two{.number = 2, .slot = JobSlot{2}};

/// A callback that counts its calls.
Watches::Done counts(int& calls) {
  return [&calls](engine::Expected<domain::Job>) { ++calls; };
}

}  // namespace

TEST(Watches, OfAJobAreTakenTogetherAndOnce) {
  Watches watches;
  int ended = 0;
  int others = 0;
  watches.add(one, counts(ended));
  watches.add(two, counts(others));
  watches.add(one, counts(ended));
  for (auto& done : watches.take(one)) done(domain::Job{});
  EXPECT_EQ(ended, 2);
  EXPECT_EQ(others, 0);
  EXPECT_TRUE(watches.take(one).empty());
  EXPECT_EQ(watches.take(two).size(), 1U);
}

TEST(Watches, AreRemovedOneByOne) {
  Watches watches;
  int calls = 0;
  const auto first = watches.add(one, counts(calls));
  const auto second = watches.add(one, counts(calls));
  EXPECT_NE(first, second);
  EXPECT_TRUE(watches.remove(first).has_value());
  EXPECT_FALSE(watches.remove(first).has_value());
  EXPECT_EQ(watches.take(one).size(), 1U);
  EXPECT_FALSE(watches.remove(second).has_value()) << "the job has ended";
}

TEST(Watches, LeaveTheDestructionOfACallbackToTheCaller) {
  Watches watches;
  const auto owned = std::make_shared<int>(0);
  const auto watch = watches.add(one, [owned](engine::Expected<domain::Job>) {});
  {
    const auto removed = watches.remove(watch);
    EXPECT_EQ(owned.use_count(), 2) << "removed, not yet destroyed";
  }
  EXPECT_EQ(owned.use_count(), 1);
}

}  // namespace jobqd::stores::embedded
