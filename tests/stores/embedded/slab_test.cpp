#include "stores/embedded/slab.hpp"

#include <cstdint>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include <jobqd/base/random.hpp>

namespace jobqd::stores::embedded {

namespace {

/// Counts its instances, and so the memory that a slab holds.
struct Counted {
  static inline int alive = 0;
  Counted() { ++alive; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --alive; }
  int value = 0;
};

}  // namespace

TEST(Slab, GivesEachPlaceToOneAtATimeAndDoesNotMoveIt) {
  Slab<int> slab;
  std::set<std::uint32_t> taken;
  base::Random random(5);
  for (int step = 0; step < 20'000; ++step) {
    if (random.between(0, 9) < 6) {
      const auto place = slab.take();
      ASSERT_TRUE(taken.insert(place).second);
      ASSERT_EQ(slab[place], 0);
      slab[place] = static_cast<int>(place) + 1;
    } else if (!taken.empty()) {
      const auto place = *taken.lower_bound(static_cast<std::uint32_t>(random.between(0, *taken.rbegin())));
      ASSERT_EQ(slab[place], static_cast<int>(place) + 1);
      slab[place] = 0;
      slab.give_back(place);
      taken.erase(place);
    }
  }
  for (const auto place : taken) EXPECT_EQ(*slab.find(place), static_cast<int>(place) + 1);
}

TEST(Slab, FindsNothingWhereThereIsNoMemory) {
  Slab<int> slab;
  EXPECT_EQ(slab.find(0), nullptr);
  EXPECT_EQ(slab.find(~std::uint32_t{0}), nullptr);
  const auto place = slab.take();
  EXPECT_EQ(slab.find(place), &slab[place]);
  slab.give_back(place);
  EXPECT_EQ(slab.find(place), nullptr);
}

TEST(Slab, GivesItsMemoryBackExceptOneBlock) {
  Counted::alive = 0;
  Slab<Counted> slab;
  std::vector<std::uint32_t> places;
  for (int i = 0; i < 10'000; ++i) places.push_back(slab.take());
  EXPECT_LE(Counted::alive, 10'000 + 64);
  for (const auto place : places) slab.give_back(place);
  EXPECT_EQ(Counted::alive, 64);
  EXPECT_EQ(slab[slab.take()].value, 0);
  EXPECT_EQ(Counted::alive, 64) << "the one that was kept is used first";
}

}  // namespace jobqd::stores::embedded
