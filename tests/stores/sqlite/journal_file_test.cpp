#include "stores/sqlite/journal_file.hpp"

#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stores/faults/fault_vfs.hpp"
#include "stores/journal/rows.hpp"

namespace jobqd::stores::sqlite {

namespace {

using journal::Changes;
using journal::job_row;
using testing::ElementsAre;
using testing::IsEmpty;

class JournalFileTest : public testing::Test {
 protected:
  JournalFileTest() { open(); }

  void open() {
    file.reset();
    file = JournalFile::open({.path = "/jobs.db", .vfs = vfs.name(), .checkpoint_pages = 24}).value();
    file->begin().value();
  }
  std::expected<void, journal::WriteFailure> insert(std::uint64_t number) {
    Changes changes;
    changes.inserts.push_back(job_row(number));
    return file->write(changes, false);
  }
  std::vector<std::uint64_t> numbers() {
    std::vector<std::uint64_t> found;
    file->replay([&](const JournalFile::Batch& jobs) {
          for (const auto& stored : jobs) found.push_back(stored.job.number);
          return true;
        })
        .value();
    return found;
  }
  void fail(unsigned operations, int code) {
    vfs.disk().fail({.operations = operations, .code = code, .persistent = true});
  }

  FaultVfs vfs;
  std::unique_ptr<JournalFile> file;
};

}  // namespace

TEST_F(JournalFileTest, EveryOpeningHasAnEpochOfItsOwn) {
  const auto first = file->epoch();
  open();
  EXPECT_EQ(file->epoch(), first + 1);
}

TEST_F(JournalFileTest, AnOpeningThatNeverBeginsIsNotCounted) {
  const auto before = file->epoch();
  file.reset();
  file = JournalFile::open({.path = "/jobs.db", .vfs = vfs.name()}).value();
  open();
  EXPECT_EQ(file->epoch(), before + 1);
}

TEST_F(JournalFileTest, KeepsWrittenRowsOverAPowerCut) {
  ASSERT_TRUE(insert(1));
  Changes paused;
  paused.pauses.emplace("mail", true);
  ASSERT_TRUE(file->write(paused, false));
  vfs.disk().cut_power(0);
  file.reset();
  vfs.disk().restart(FaultDisk::Survivors::none);
  open();
  EXPECT_THAT(numbers(), ElementsAre(1U));
  EXPECT_THAT(file->paused_queues().value(), ElementsAre("mail"));
}

TEST_F(JournalFileTest, AFullDiskIsNotFatal) {
  fail(FaultDisk::write, SQLITE_FULL);
  const auto refused = insert(1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().why, "the disk is full");
  EXPECT_FALSE(refused.error().fatal);
  EXPECT_FALSE(file->write({}, true)) << "a probe finds it full";
  vfs.disk().heal();
  EXPECT_TRUE(file->write({}, true));
  EXPECT_TRUE(file->has_recovered());
  EXPECT_THAT(numbers(), IsEmpty());
}

TEST_F(JournalFileTest, AFailedSyncIsFatalForGood) {
  fail(FaultDisk::sync, SQLITE_IOERR_FSYNC);
  const auto refused = insert(1);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().fatal);
  vfs.disk().heal();
  const auto later = insert(2);
  ASSERT_FALSE(later);
  EXPECT_TRUE(later.error().fatal);
  EXPECT_EQ(later.error().why, refused.error().why);
}

TEST_F(JournalFileTest, AFailedSyncInACheckpointIsFatalToo) {
  for (std::uint64_t number = 1; number <= 30; ++number) ASSERT_TRUE(insert(number));
  fail(FaultDisk::sync, SQLITE_IOERR_FSYNC);
  const auto tended = file->tend();
  ASSERT_FALSE(tended);
  EXPECT_TRUE(tended.error().fatal);
  vfs.disk().heal();
  EXPECT_FALSE(insert(31));
}

TEST_F(JournalFileTest, UpkeepCopiesALongLogIntoTheDatabase) {
  const auto before = vfs.disk().size("/jobs.db");
  for (std::uint64_t number = 1; number <= 200; ++number) {
    ASSERT_TRUE(insert(number));
    ASSERT_TRUE(file->tend());
  }
  EXPECT_GT(vfs.disk().size("/jobs.db"), before);
  EXPECT_EQ(numbers().size(), 200U);
}

/// The log itself may fill the disk. Then it is copied and truncated, and the write is tried again.
TEST_F(JournalFileTest, AWriteThatFindsTheDiskFullTriesAgainWithAShortLog) {
  ASSERT_TRUE(insert(1));
  vfs.disk().fail({.operations = FaultDisk::write, .code = SQLITE_FULL});
  EXPECT_TRUE(insert(2));
  EXPECT_TRUE(vfs.disk().struck());
  EXPECT_THAT(numbers(), ElementsAre(1U, 2U));
}

}  // namespace jobqd::stores::sqlite
