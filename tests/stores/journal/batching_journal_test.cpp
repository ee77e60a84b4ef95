#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "stores/journal/journal_on_disk.hpp"
#include "support/caught.hpp"

namespace jobqd::stores::journal {

namespace {

using domain::Error;
using domain::ErrorCode;
using engine::Expected;
using support::Caught;
using testing::ElementsAre;

}  // namespace

TEST_F(BatchingJournalTest, AnswersWhenTheBatchIsWritten) {
  start();
  EXPECT_TRUE(insert(1).result());
  EXPECT_THAT(disk.written(), ElementsAre(Disk::Write{.inserts = 1, .updates = 0, .probe = false}));
  EXPECT_GE(journal->durable(), 1U);
  EXPECT_EQ(journal->trouble(), "");
}

TEST_F(BatchingJournalTest, ChangesThatGatherDuringAWriteAreTheNextBatch) {
  std::deque<Caught<void>> answers;
  disk.on_write = [&, first = true]() mutable {
    if (!std::exchange(first, false)) return;
    for (const std::uint64_t number : {2U, 3U, 4U}) answers.push_back(insert(number));
  };
  start();
  EXPECT_TRUE(insert(1).result());
  for (const auto& answer : answers) EXPECT_TRUE(answer.result());
  EXPECT_THAT(disk.written(), ElementsAre(Disk::Write{.inserts = 1, .updates = 0, .probe = false},
                                          Disk::Write{.inserts = 3, .updates = 0, .probe = false}));
}

TEST_F(BatchingJournalTest, AnswersInTheOrderOfTheQuestions) {
  std::mutex mutex;
  std::vector<int> order;
  for (int i = 0; i < 3; ++i)
    journal->when_durable([&, i](auto) {
      const std::scoped_lock lock(mutex);
      order.push_back(i);
    });
  start();
  EXPECT_TRUE(sync());
  const std::scoped_lock lock(mutex);
  EXPECT_THAT(order, ElementsAre(0, 1, 2));
}

TEST_F(BatchingJournalTest, AChangeWithoutAWaitingRequestIsWrittenToo) {
  start();
  journal->update(progress_row(1, 1));
  journal->flush();
  EXPECT_TRUE(disk.wait_for_writes(1));
}

TEST_F(BatchingJournalTest, WithoutChangesNothingIsWritten) {
  start();
  EXPECT_TRUE(sync());
  EXPECT_THAT(disk.written(), ElementsAre());
  EXPECT_THAT(events.lines(), ElementsAre());
}

TEST_F(BatchingJournalTest, ReportsEachCommitWithItsRowsAndItsTime) {
  disk.on_write = [this] { clock.advance(base::milliseconds{7}); };
  journal->update(progress_row(1, 1));
  journal->erase(2);
  const auto answer = insert(3);
  start();
  EXPECT_TRUE(answer.result());
  EXPECT_THAT(events.lines(), ElementsAre("committed 3"));
  EXPECT_THAT(events.durations(), ElementsAre(std::chrono::milliseconds{7}));
}

TEST_F(BatchingJournalTest, LooksAfterTheFileOnceAllAreAnswered) {
  start();
  EXPECT_TRUE(insert(1).result());
  EXPECT_TRUE(disk.wait_for_upkeeps(1));
}

// --- trouble ----------------------------------------------------------------------------------------

TEST_F(BatchingJournalTest, ARefusedInsertIsDroppedAndARefusedUpdateIsTriedAgain) {
  disk.set(failure("the disk is full"));
  journal->update(progress_row(1, 1));
  start();
  const auto refused = insert(2).result();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::store_unavailable);
  EXPECT_EQ(refused.error().detail, "the disk is full");
  EXPECT_EQ(journal->trouble(), "the disk is full");
  EXPECT_EQ(journal->durable(), 0U);
  disk.set({});
  ASSERT_TRUE(disk.wait_for_writes(1));
  EXPECT_EQ(disk.written().front(), (Disk::Write{.inserts = 0, .updates = 1, .probe = true}));
  EXPECT_TRUE(insert(3).result());
  EXPECT_EQ(journal->trouble(), "");
  end();
  EXPECT_THAT(events.lines(),
              ElementsAre("changed the disk is full", "changed ", "committed 1", "committed 1"));
}

TEST_F(BatchingJournalTest, InTroubleItTriesAgainByItselfWithARealWrite) {
  disk.set(failure("the disk is full"));
  start();
  EXPECT_FALSE(insert(1).result());
  EXPECT_TRUE(disk.wait_for_refusals(5));
  disk.set({});
  ASSERT_TRUE(disk.wait_for_writes(1));
  EXPECT_EQ(disk.written().front(), (Disk::Write{.inserts = 0, .updates = 0, .probe = true}));
}

TEST_F(BatchingJournalTest, TroubleLastsUntilTheDiskHasRecovered) {
  disk.set(failure("the disk is full"));
  disk.set_recovers(false);
  start();
  EXPECT_FALSE(insert(1).result());
  disk.set({});
  EXPECT_TRUE(insert(2).result());
  EXPECT_EQ(journal->trouble(), "the disk is full");
  disk.set_recovers(true);
  EXPECT_TRUE(insert(3).result());
  EXPECT_EQ(journal->trouble(), "");
}

TEST_F(BatchingJournalTest, AfterAFatalFailureNothingIsAcknowledged) {
  disk.set(failure("disk I/O error", true));
  start();
  for (const std::uint64_t number : {1U, 2U, 3U}) EXPECT_FALSE(insert(number).result());
  EXPECT_FALSE(sync());
  EXPECT_EQ(journal->durable(), 0U);
  end();
  EXPECT_THAT(events.lines(), ElementsAre("lost disk I/O error", "changed disk I/O error"));
}

TEST_F(BatchingJournalTest, FailedUpkeepIsReportedAsALoss) {
  disk.set_upkeep(failure("disk I/O error", true));
  start();
  EXPECT_TRUE(insert(1).result());
  ASSERT_TRUE(disk.wait_for_upkeeps(1));
  end();
  EXPECT_THAT(events.lines(), testing::IsSupersetOf({"committed 1", "lost disk I/O error"}));
}

// --- locks and the end ------------------------------------------------------------------------------

TEST_F(BatchingJournalTest, AnswersAndEventsMayCallTheJournal) {
  Caught<void> answered;
  events.on_event = [this, left = 3]() mutable {
    (void)journal->trouble();
    if (left-- > 0) journal->update(progress_row(1, 1));
  };
  std::array rows{job_row(1)};
  journal->insert(rows, [&](auto) {
    journal->when_durable(answered.callback());
    journal->flush();
  });
  disk.set(failure("the disk is full"));
  start();
  EXPECT_FALSE(answered.result());
  disk.set({});
  EXPECT_TRUE(disk.wait_for_writes(1));
}

TEST_F(BatchingJournalTest, WritesPendingChangesBeforeItEnds) {
  start();
  journal->update(progress_row(1, 1));
  Caught<void> answered;
  journal->when_durable(answered.callback());
  end();
  EXPECT_TRUE(answered.result());
  EXPECT_THAT(disk.written(), ElementsAre(Disk::Write{.inserts = 0, .updates = 1, .probe = false}));
}

TEST_F(BatchingJournalTest, ItsEndDoesNotWaitForADiskInTrouble) {
  disk.set(failure("the disk is full"));
  start();
  EXPECT_FALSE(insert(1).result());
  journal->update(progress_row(1, 1));
  end();
  EXPECT_THAT(disk.written(), ElementsAre());
}

TEST_F(BatchingJournalTest, AJournalThatWasNeverStartedWritesNothing) {
  journal->update(progress_row(1, 1));
  end();
  EXPECT_THAT(disk.written(), ElementsAre());
}

TEST(BatchingJournalBacklog, HasCaughtUpOnceItIsTakenWhileItIsWritten) {
  support::ManualClock clock;
  Disk disk;
  Events events;
  BatchingJournal journal({.limits = {.changes = 2}}, clock, events, std::make_unique<Writer>(disk));
  std::vector<std::string> order;  // Of the journal's thread.
  journal.set_caught_up([&] {
    EXPECT_FALSE(journal.is_behind());
    order.emplace_back("caught up");
    journal.update(progress_row(3, 1));
  });
  disk.on_write = [&] { order.emplace_back("write"); };
  for (const std::uint64_t number : {1U, 2U}) journal.update(progress_row(number, 1));
  EXPECT_TRUE(journal.is_behind());
  support::Caught<void> written;
  journal.when_durable(written.callback());
  journal.flush();
  journal.start();
  EXPECT_TRUE(written.result());
  EXPECT_TRUE(disk.wait_for_writes(2));
  EXPECT_THAT(order, ElementsAre("caught up", "write", "write"));
  EXPECT_EQ(disk.written().front().updates, 2U);
}

TEST(BatchingJournalBacklog, StaysWhileTheDiskRefusesIt) {
  support::ManualClock clock;
  Disk disk;
  Events events;
  std::atomic<int> caught_up = 0;
  BatchingJournal journal({.try_again = base::milliseconds{1}, .limits = {.changes = 2}}, clock, events,
                          std::make_unique<Writer>(disk));
  journal.set_caught_up([&] { ++caught_up; });
  disk.set(std::unexpected(WriteFailure{.why = "full", .fatal = false}));
  journal.update(progress_row(1, 1));
  journal.update(progress_row(2, 1));
  journal.start();
  journal.flush();
  EXPECT_TRUE(disk.wait_for_refusals(3));
  EXPECT_EQ(caught_up, 1) << "before the first refusal only";
  EXPECT_TRUE(journal.is_behind());
  disk.set({});
  EXPECT_TRUE(disk.wait_for_writes(1));
  support::Caught<void> written;
  journal.when_durable(written.callback());
  journal.flush();
  EXPECT_TRUE(written.result());
  EXPECT_EQ(caught_up, 2);
  EXPECT_FALSE(journal.is_behind());
}

}  // namespace jobqd::stores::journal
