#include "stores/sqlite/transaction.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stores/faults/fault_vfs.hpp"
#include "stores/journal/rows.hpp"
#include "stores/sqlite/schema.hpp"

namespace jobqd::stores::sqlite {

namespace {

using journal::Changes;
using journal::job_row;
using journal::progress_row;
using testing::ElementsAre;

class TransactionTest : public testing::Test {
 protected:
  TransactionTest() { database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").value(); }

  /// Every job as its number and its attempts.
  std::vector<std::pair<std::uint64_t, std::uint32_t>> jobs() {
    std::vector<std::pair<std::uint64_t, std::uint32_t>> found;
    read_jobs(database, [&](const journal::StoredJob& stored) {
      EXPECT_TRUE(stored.sound);
      found.emplace_back(stored.job.number, stored.progress ? stored.progress->progress.attempts : 0);
    }).value();
    return found;
  }
  static Changes inserts(std::initializer_list<std::uint64_t> numbers) {
    Changes changes;
    for (const auto number : numbers) changes.inserts.push_back(job_row(number));
    return changes;
  }

  FaultVfs vfs;
  SqliteDatabase database = [this] {
    auto opened =
        SqliteDatabase::open("/jobs.db", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs.name()).value();
    prepare_schema(opened).value();
    return opened;
  }();
  Transaction transaction = Transaction::prepare(database).value();
};

}  // namespace

TEST_F(TransactionTest, WritesEveryKindOfChange) {
  ASSERT_TRUE(transaction.run(inserts({1, 2, 3, 4, 5, 6}), false));
  Changes changes = inserts({7});
  changes.updates.emplace(6, progress_row(6, 2));
  changes.updates.emplace(1, progress_row(1, 3));
  changes.updates.emplace(2, progress_row(2, 9));
  changes.erasures = {3, 5, 2};  // Two in a row and one by itself; one that was updated too.
  changes.pauses.emplace("default", true);
  ASSERT_TRUE(transaction.run(changes, false));
  EXPECT_THAT(jobs(), ElementsAre(std::pair(1, 3), std::pair(4, 0), std::pair(6, 2), std::pair(7, 0)));
  EXPECT_EQ(database.query_integer("SELECT count(*) FROM progress"), 2);
  EXPECT_THAT(read_paused_queues(database).value(), ElementsAre("default"));
}

TEST_F(TransactionTest, ChangesNothingWhereOneRowFails) {
  ASSERT_TRUE(transaction.run(inserts({1}), false));
  EXPECT_FALSE(transaction.run(inserts({2, 1}), false));
  EXPECT_FALSE(database.in_transaction());
  EXPECT_THAT(jobs(), ElementsAre(std::pair(1, 0)));
  EXPECT_TRUE(transaction.run(inserts({2}), false));
}

TEST_F(TransactionTest, ChangesNothingWhereTheDiskFails) {
  ASSERT_TRUE(transaction.run(inserts({1}), false));
  vfs.disk().fail({.operations = FaultDisk::write, .code = SQLITE_FULL, .persistent = true});
  const auto refused = transaction.run(inserts({2}), false);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(is_full(refused.error()));
  EXPECT_FALSE(database.in_transaction());
  vfs.disk().heal();
  EXPECT_THAT(jobs(), ElementsAre(std::pair(1, 0)));
  EXPECT_TRUE(transaction.run(inserts({2}), false));
}

TEST_F(TransactionTest, AProbeReachesTheDisk) {
  ASSERT_TRUE(transaction.run(inserts({1}), false));
  vfs.disk().fail({.operations = FaultDisk::write, .code = SQLITE_FULL, .persistent = true});
  EXPECT_TRUE(transaction.run({}, false)) << "an empty transaction proves nothing";
  EXPECT_FALSE(transaction.run({}, true));
  vfs.disk().heal();
  EXPECT_TRUE(transaction.run({}, true));
}

}  // namespace jobqd::stores::sqlite
