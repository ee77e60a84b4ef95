#include "stores/journal/batching_journal.hpp"

#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stores/journal/rows.hpp"
#include "support/caught.hpp"
#include "support/manual_clock.hpp"

namespace jobqd::stores::journal {

namespace {

using domain::Error;
using domain::ErrorCode;
using engine::CommitStep;
using engine::Expected;
using support::Caught;
using testing::ElementsAre;

/// A disk that fails when a test wants it to, and remembers what was written. Thread-safe.
class Disk {
 public:
  struct Write {
    std::size_t inserts;
    std::size_t updates;
    bool probe;
    bool operator==(const Write&) const = default;
  };
  using Outcome = std::expected<void, WriteFailure>;

  /// The outcome of all writes from now on.
  void set(Outcome outcome) {
    const std::scoped_lock lock(mutex_);
    outcome_ = std::move(outcome);
  }
  void set_upkeep(Outcome outcome) {
    const std::scoped_lock lock(mutex_);
    upkeep_ = std::move(outcome);
  }
  void set_recovers(bool recovers) {
    const std::scoped_lock lock(mutex_);
    recovers_ = recovers;
  }

  Outcome write(const Changes& changes, bool probe) {
    on_write();
    const std::scoped_lock lock(mutex_);
    last_writer_ = std::this_thread::get_id();
    if (outcome_)
      written_.push_back(
          {.inserts = changes.inserts.size(), .updates = changes.updates.size(), .probe = probe});
    else
      ++refused_;
    changed_.notify_all();
    return outcome_;
  }
  void set_needs_upkeep(bool needs) {
    const std::scoped_lock lock(mutex_);
    needs_upkeep_ = needs;
  }
  bool needs_upkeep() {
    const std::scoped_lock lock(mutex_);
    return needs_upkeep_;
  }
  Outcome upkeep() {
    const std::scoped_lock lock(mutex_);
    upkeep_threads_.insert(std::this_thread::get_id());
    ++upkeeps_;
    changed_.notify_all();
    return upkeep_;
  }
  bool recovers() {
    const std::scoped_lock lock(mutex_);
    return recovers_;
  }

  [[nodiscard]] std::vector<Write> written() const {
    const std::scoped_lock lock(mutex_);
    return written_;
  }
  /// The thread of the last write.
  [[nodiscard]] std::thread::id last_writer() const {
    const std::scoped_lock lock(mutex_);
    return last_writer_;
  }
  /// The threads of all upkeeps.
  [[nodiscard]] std::set<std::thread::id> upkeep_threads() const {
    const std::scoped_lock lock(mutex_);
    return upkeep_threads_;
  }
  /// Waits until there have been `count` writes, refused writes or upkeeps. Returns false when patience ends.
  bool wait_for_writes(std::size_t count) {
    return wait([&] { return written_.size() >= count; });
  }
  bool wait_for_refusals(std::size_t count) {
    return wait([&] { return refused_ >= count; });
  }
  bool wait_for_upkeeps(std::size_t count) {
    return wait([&] { return upkeeps_ >= count; });
  }

  /// Called at the start of each write, on the journal's thread. Set before the journal starts.
  std::function<void()> on_write = [] {};

 private:
  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, support::patience, condition);
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Outcome outcome_;
  Outcome upkeep_;
  bool recovers_ = true;
  bool needs_upkeep_ = true;
  std::thread::id last_writer_;
  std::set<std::thread::id> upkeep_threads_;
  std::vector<Write> written_;
  std::size_t refused_ = 0;
  std::size_t upkeeps_ = 0;
};

class Writer final : public BatchWriter {
 public:
  explicit Writer(Disk& disk) : disk_(disk) {}
  std::expected<void, WriteFailure> write(const Changes& changes, bool probe) override {
    return disk_.write(changes, probe);
  }
  bool has_recovered() override { return disk_.recovers(); }
  [[nodiscard]] bool needs_tending() const override { return disk_.needs_upkeep(); }
  std::expected<void, WriteFailure> tend() override { return disk_.upkeep(); }

 private:
  Disk& disk_;
};

/// Remembers every event of the journal as a line. Thread-safe.
class Events final : public engine::Observer {
 public:
  void batch_committed(const engine::Commit& commit) override {
    add("committed " + std::to_string(commit.changes));
    const std::scoped_lock lock(mutex_);
    durations_.push_back(commit.duration);
  }
  void store_changed(std::string_view why) override { add("changed " + std::string(why)); }
  void store_lost(std::string_view why) override { add("lost " + std::string(why)); }

  [[nodiscard]] std::vector<std::string> lines() const {
    const std::scoped_lock lock(mutex_);
    return lines_;
  }
  [[nodiscard]] std::vector<std::chrono::nanoseconds> durations() const {
    const std::scoped_lock lock(mutex_);
    return durations_;
  }
  /// Called with every event. Set before the journal starts.
  std::function<void()> on_event = [] {};

 private:
  void add(std::string line) {
    on_event();
    const std::scoped_lock lock(mutex_);
    lines_.push_back(std::move(line));
  }

  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
  std::vector<std::chrono::nanoseconds> durations_;
};

class BatchingJournalTest : public testing::Test {
 protected:
  void start() { journal->start(); }
  void end() { journal.reset(); }

  Caught<void> insert(std::uint64_t number) {
    Caught<void> caught;
    std::array rows{job_row(number)};
    journal->insert(rows, caught.callback());
    journal->flush();
    return caught;
  }
  Expected<void> sync() {
    return support::result_of<void>([this](auto done) {
      journal->when_durable(std::move(done));
      journal->flush();
    });
  }
  static Disk::Outcome failure(std::string why, bool fatal = false) {
    return std::unexpected(WriteFailure{.why = std::move(why), .fatal = fatal});
  }

  support::ManualClock clock;
  Disk disk;
  Events events;
  std::unique_ptr<BatchingJournal> journal =
      std::make_unique<BatchingJournal>(BatchingJournal::Options{.try_again = base::milliseconds{1}}, clock,
                                        events, std::make_unique<Writer>(disk));
};

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

// --- the committer ----------------------------------------------------------------------------------

class CommitterTest : public BatchingJournalTest {
 protected:
  CommitterTest() {
    disk.set_needs_upkeep(false);
    journal->set_committer(std::this_thread::get_id());
    start();
  }
};

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

}  // namespace jobqd::stores::journal
