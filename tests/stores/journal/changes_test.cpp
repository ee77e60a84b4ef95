#include "stores/journal/changes.hpp"

#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stores/journal/rows.hpp"

namespace jobqd::stores::journal {

namespace {

using testing::ElementsAre;
using testing::Pair;

}  // namespace

TEST(Changes, CountEveryRow) {
  Changes changes;
  EXPECT_TRUE(changes.empty());
  changes.inserts.push_back(job_row(1));
  changes.updates.emplace(2, progress_row(2, 1));
  changes.pauses.emplace("default", true);
  changes.erasures = {3, 4};
  EXPECT_FALSE(changes.empty());
  EXPECT_EQ(changes.size(), 5U);
}

TEST(Changes, ARefusedBatchLeavesItsInsertsBehind) {
  Changes changes;
  Changes refused;
  refused.inserts.push_back(job_row(1));
  changes.put_back(std::move(refused));
  EXPECT_TRUE(changes.empty());
}

TEST(Changes, ARefusedUpdateComesBackUnlessThereIsANewerOne) {
  Changes changes;
  changes.updates.emplace(1, progress_row(1, 2));
  Changes refused;
  refused.updates.emplace(1, progress_row(1, 1));
  refused.updates.emplace(2, progress_row(2, 1));
  changes.put_back(std::move(refused));
  ASSERT_EQ(changes.updates.size(), 2U);
  EXPECT_EQ(changes.updates.at(1).progress.attempts, 2U);
  EXPECT_EQ(changes.updates.at(2).progress.attempts, 1U);
}

TEST(Changes, ARefusedPauseComesBackUnlessThereIsANewerOne) {
  Changes changes;
  changes.pauses.emplace("mail", false);
  Changes refused;
  refused.pauses.emplace("mail", true);
  refused.pauses.emplace("default", true);
  changes.put_back(std::move(refused));
  EXPECT_THAT(changes.pauses, ElementsAre(Pair("default", true), Pair("mail", false)));
}

TEST(Changes, RefusedErasuresComeBackInTheirOrder) {
  Changes changes;
  changes.erasures = {5};
  Changes refused;
  refused.erasures = {3, 4};
  changes.put_back(std::move(refused));
  EXPECT_THAT(changes.erasures, ElementsAre(3U, 4U, 5U));
}

TEST(Changes, CountTheBytesOfTheEndingsTheyHold) {
  const auto row = [](std::uint64_t number, std::size_t bytes) {
    auto progress = progress_row(number, 1);
    progress.ending = Ending{.last_error = std::string(bytes, 'e'), .result = {}};
    return progress;
  };
  Changes changes;
  changes.update(row(1, 10));
  changes.update(row(1, 20));
  changes.update(row(2, 3));
  EXPECT_EQ(changes.ending_bytes, 23U);
  Changes newer;
  newer.update(row(2, 4));
  newer.put_back(std::move(changes));
  EXPECT_EQ(newer.ending_bytes, 24U);
}

}  // namespace jobqd::stores::journal
