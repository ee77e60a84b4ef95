#include "stores/journal/commit_policy.hpp"

#include <gtest/gtest.h>

namespace jobqd::stores::journal {

namespace {

using namespace std::chrono_literals;
using Choice = CommitPolicy::Choice;

constexpr base::SteadyTime start{1h};

/// So many callers wait, each for one row.
constexpr CommitPolicy::Left waiting(std::size_t callers) {
  return {.changes = callers, .waiting = callers};
}

}  // namespace

TEST(CommitPolicy, TriesACommitBeforeItKnowsWhatOneTakes) {
  CommitPolicy policy;
  EXPECT_EQ(policy.choose(waiting(1), start), Choice::here);
}

TEST(CommitPolicy, ALoneCallerIsNotMadeToWait) {
  CommitPolicy policy;
  policy.committed(1, 100us, start);
  EXPECT_EQ(policy.choose(waiting(1), start), Choice::here);
}

TEST(CommitPolicy, WaitsForAsManyAsWereAnsweredBefore) {
  CommitPolicy policy;
  policy.committed(8, 100us, start);
  EXPECT_EQ(policy.choose(waiting(1), start), Choice::wait);
  EXPECT_EQ(policy.choose(waiting(7), start + 10us), Choice::wait);
  EXPECT_EQ(policy.choose(waiting(8), start + 20us), Choice::here);
}

TEST(CommitPolicy, WaitsForThemNoLongerThanACommitTakes) {
  CommitPolicy policy;
  policy.committed(8, 100us, start);
  EXPECT_EQ(policy.choose(waiting(7), start + 99us), Choice::wait);
  EXPECT_EQ(policy.choose(waiting(7), start + 100us), Choice::here);
  policy.committed(7, 100us, start + 200us);
  EXPECT_EQ(policy.choose(waiting(7), start + 210us), Choice::here) << "the eighth does not come any more";
}

TEST(CommitPolicy, LargeBatchesAreLeftToTheThread) {
  CommitPolicy policy;
  policy.committed(2, 100us, start);
  EXPECT_EQ(policy.choose({.changes = 200, .waiting = 2}, start), Choice::here);
  EXPECT_EQ(policy.choose({.changes = 201, .waiting = 2}, start), Choice::thread);
}

TEST(CommitPolicy, SlowCommitsAreLeftToTheThread) {
  CommitPolicy policy;
  policy.committed(1, 5ms, start);
  EXPECT_EQ(policy.choose(waiting(1), start), Choice::thread);
  EXPECT_EQ(policy.choose(waiting(64), start + 1h), Choice::thread);
}

TEST(CommitPolicy, FollowsADiskThatBecomesSlowAndFastAgain) {
  CommitPolicy policy;
  const auto commits = [&](int count, auto took) {
    for (int i = 0; i < count; ++i) policy.committed(1, took, start);
    return policy.choose(waiting(1), start);
  };
  EXPECT_EQ(commits(1, 100us), Choice::here);
  EXPECT_EQ(commits(1, 2ms), Choice::here) << "one slow commit is none of a habit";
  EXPECT_EQ(commits(20, 2ms), Choice::thread);
  EXPECT_EQ(commits(100, 100us), Choice::here);
}

}  // namespace jobqd::stores::journal
