#include "stores/embedded/places.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace jobqd::stores::embedded {

namespace {

constexpr auto endless = std::numeric_limits<std::size_t>::max();
constexpr Room one{.jobs = 1};

}  // namespace

TEST(Places, RefusesMoreThanItsLimit) {
  Places places({.jobs = 3});
  EXPECT_EQ(places.try_take({.jobs = 2}), Lack::nothing);
  EXPECT_EQ(places.try_take({.jobs = 2}), Lack::places);
  EXPECT_EQ(places.taken(), Room{.jobs = 2});
  EXPECT_EQ(places.try_take(one), Lack::nothing);
  EXPECT_EQ(places.try_take(one), Lack::places);
}

TEST(Places, RefusesMoreBytesThanItsLimit) {
  Places places({.jobs = 9, .bytes = 10});
  EXPECT_EQ(places.try_take({.jobs = 1, .bytes = 11}), Lack::bytes);
  EXPECT_EQ(places.try_take({.jobs = 1, .bytes = 10}), Lack::nothing);
  EXPECT_EQ(places.try_take({.jobs = 1, .bytes = 1}), Lack::bytes);
  EXPECT_EQ(places.taken(), (Room{.jobs = 1, .bytes = 10})) << "what is refused takes nothing";
  EXPECT_EQ(places.try_take({.jobs = 1, .bytes = 0}), Lack::nothing);
  places.release({.jobs = 1, .bytes = 4});
  EXPECT_EQ(places.try_take({.jobs = 1, .bytes = 4}), Lack::nothing);
}

TEST(Places, CountsWithoutOverflow) {
  Places places({.jobs = 3, .bytes = endless});
  EXPECT_EQ(places.try_take({.jobs = 1, .bytes = 1}), Lack::nothing);
  EXPECT_EQ(places.try_take({.jobs = endless}), Lack::places);
  EXPECT_EQ(places.try_take({.jobs = 1, .bytes = endless}), Lack::bytes);
  EXPECT_EQ(places.taken(), (Room{.jobs = 1, .bytes = 1}));
}

TEST(Places, LetsOldJobsBackInEvenWhenFull) {
  Places places({.jobs = 1, .bytes = 5});
  EXPECT_EQ(places.try_take({.jobs = 1, .bytes = 5}), Lack::nothing);
  places.take_again({.jobs = 1, .bytes = 5});
  EXPECT_EQ(places.taken(), (Room{.jobs = 2, .bytes = 10}));
  places.release({.jobs = 1, .bytes = 5});
  EXPECT_EQ(places.try_take(one), Lack::places);
  places.release({.jobs = 1, .bytes = 5});
  EXPECT_EQ(places.try_take(one), Lack::nothing);
}

TEST(Places, AppliesNewLimitsToNewJobsOnly) {
  Places places({.jobs = 5, .bytes = 5});
  EXPECT_EQ(places.try_take({.jobs = 2, .bytes = 4}), Lack::nothing);
  places.set_limits({.jobs = 5, .bytes = 3});
  EXPECT_EQ(places.taken(), (Room{.jobs = 2, .bytes = 4}));
  EXPECT_EQ(places.try_take(one), Lack::bytes) << "more is taken than there may be";
}

TEST(PlacesDeathTest, StopAtRoomThatIsGivenBackTwice) {
  Places places({.jobs = 2, .bytes = 9});
  EXPECT_EQ(places.try_take({.jobs = 1, .bytes = 1}), Lack::nothing);
  EXPECT_DEATH(places.release({.jobs = 2}), "broken invariant");
  EXPECT_DEATH(places.release({.jobs = 1, .bytes = 2}), "broken invariant");
}

}  // namespace jobqd::stores::embedded
