// The committer of a BatchingJournal.

#include <future>
#include <thread>

#include <gmock/gmock.h>

#include "stores/journal/journal_on_disk.hpp"

namespace jobqd::stores::journal {

namespace {

using engine::CommitStep;

class CommitterTest : public BatchingJournalTest {
 protected:
  CommitterTest() {
    disk.set_needs_upkeep(false);
    journal->set_committer(std::this_thread::get_id());
    start();
  }
};

}  // namespace

TEST_F(CommitterTest, CommitsOnItsOwnThreadAndIsAnsweredThere) {
  EXPECT_EQ(journal->next_commit(), CommitStep::none);
  std::thread::id answered;
  std::array rows{job_row(1)};
  journal->insert(rows, [&](auto) { answered = std::this_thread::get_id(); });
  journal->flush();
  ASSERT_EQ(journal->next_commit(), CommitStep::now);
  journal->commit();
  EXPECT_EQ(answered, std::this_thread::get_id());
  EXPECT_EQ(disk.last_writer(), std::this_thread::get_id());
  EXPECT_EQ(journal->next_commit(), CommitStep::none);
  EXPECT_EQ(journal->durable(), 1U);
}

TEST_F(CommitterTest, LeavesToTheThreadWhatNobodyWaitsFor) {
  journal->update(progress_row(1, 1));
  journal->flush();
  EXPECT_EQ(journal->next_commit(), CommitStep::none);
  EXPECT_TRUE(disk.wait_for_writes(1));
  EXPECT_NE(disk.last_writer(), std::this_thread::get_id());
}

TEST_F(CommitterTest, LeavesCommitsToTheThreadAfterASlowOne) {
  disk.on_write = [this] { clock.advance(base::milliseconds{100}); };
  const auto first = insert(1);
  ASSERT_EQ(journal->next_commit(), CommitStep::now);
  journal->commit();
  EXPECT_TRUE(first.result());
  const auto second = insert(2);
  EXPECT_EQ(journal->next_commit(), CommitStep::none);
  EXPECT_TRUE(second.result());
  EXPECT_NE(disk.last_writer(), std::this_thread::get_id());
}

TEST_F(CommitterTest, DoesNotWaitForAWriteOfTheThread) {
  std::promise<void> begun;
  std::promise<void> go_on;
  disk.on_write = [&, first = true]() mutable {
    if (!std::exchange(first, false)) return;
    begun.set_value();
    go_on.get_future().wait();
  };
  journal->set_committer({});
  const auto first = insert(1);
  begun.get_future().wait();
  journal->set_committer(std::this_thread::get_id());
  const auto second = insert(2);
  ASSERT_EQ(journal->next_commit(), CommitStep::now);
  journal->commit();
  EXPECT_FALSE(second.called());
  go_on.set_value();
  EXPECT_TRUE(first.result());
  EXPECT_TRUE(second.result());
}

TEST_F(CommitterTest, UpkeepIsDoneByTheThreadBeforeTheNextCommit) {
  disk.set_needs_upkeep(true);
  const auto first = insert(1);
  ASSERT_EQ(journal->next_commit(), CommitStep::now);
  journal->commit();
  EXPECT_TRUE(first.result());
  EXPECT_TRUE(disk.wait_for_upkeeps(1));
  EXPECT_FALSE(disk.upkeep_threads().contains(std::this_thread::get_id()));
}

TEST_F(CommitterTest, AFailureIsReportedAndTheThreadTriesAgain) {
  disk.set(failure("the disk is full"));
  journal->update(progress_row(7, 1));
  const auto refused = insert(1);
  ASSERT_EQ(journal->next_commit(), CommitStep::now);
  journal->commit();
  ASSERT_FALSE(refused.result());
  EXPECT_EQ(journal->trouble(), "the disk is full");
  EXPECT_TRUE(disk.wait_for_refusals(3));
  disk.set({});
  ASSERT_TRUE(disk.wait_for_writes(1));
  EXPECT_EQ(disk.written().front(), (Disk::Write{.inserts = 0, .updates = 1, .probe = true}));
  const auto accepted = insert(2);
  while (journal->next_commit() == CommitStep::now) journal->commit();
  EXPECT_TRUE(accepted.result());
}

TEST_F(CommitterTest, WhatItHasNotCommittedWhenItStopsIsLeftToTheThread) {
  const auto answer = insert(1);
  journal->set_committer({});
  EXPECT_TRUE(answer.result());
  EXPECT_NE(disk.last_writer(), std::this_thread::get_id());
}

}  // namespace jobqd::stores::journal
