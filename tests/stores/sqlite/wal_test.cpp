// The write-ahead log as jobqd reads it itself, while a daemon writes or not.

#include "stores/sqlite/wal.hpp"

#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stores/faults/store_on_disk.hpp"
#include "support/jobs.hpp"

namespace jobqd::stores::sqlite {

namespace {

using support::new_job;
using testing::HasSubstr;

/// A store that is running, and a second connection, such as that of `jobqd check`.
struct RunningStore {
  RunningStore() {
    on_disk.must_open();
    submit(3);
  }

  void submit(int count) {
    for (int i = 0; i < count; ++i) on_disk.submit({new_job(fmt::format("job-{}", ++jobs))}).value();
  }

  std::string damage() {
    auto reader =
        SqliteDatabase::open(StoreOnDisk::path, SQLITE_OPEN_READWRITE, on_disk.vfs().name()).value();
    reader.query_integer("SELECT count(*) FROM jobs").value();
    return damage_of_log(reader);
  }

  /// The damage that is found where the daemon takes `count` jobs after the nth read of the log.
  std::string damage_with_jobs_after(int nth, int count) {
    int reads = 0;
    on_disk.disk().set_on_read([&, reading = std::this_thread::get_id()](const std::string& name) {
      if (name == StoreOnDisk::log_path && std::this_thread::get_id() == reading && ++reads == nth)
        submit(count);
    });
    auto found = damage();
    on_disk.disk().set_on_read({});
    EXPECT_GE(reads, nth);
    return found;
  }

  StoreOnDisk on_disk{{.checkpoint_pages = 100'000}};
  int jobs = 0;
};

}  // namespace

TEST(WriteAheadLog, OfARunningDaemonIsSound) {
  RunningStore store;
  EXPECT_EQ(store.damage(), "");
}

/// Whether the reader stands before the end of the log, at it, or in the zeros behind it.
TEST(WriteAheadLog, CommitsThatComeWhileItIsReadAreNoDamage) {
  for (int nth = 1; nth <= 60; ++nth) {
    RunningStore store;
    ASSERT_EQ(store.damage_with_jobs_after(nth, 4), "") << "read " << nth;
  }
}

TEST(WriteAheadLog, DamageIsFoundWhileTheDaemonWrites) {
  constexpr std::uint64_t bit_in_the_third_page = 8UL * (32 + 2 * 4'120 + 100);
  for (int nth = 1; nth <= 6; ++nth) {
    RunningStore store;
    store.on_disk.disk().flip(StoreOnDisk::log_path, bit_in_the_third_page);
    ASSERT_THAT(store.damage_with_jobs_after(nth, 4), HasSubstr("cannot be read any more")) << "read " << nth;
  }
}

TEST(WriteAheadLog, IsLengthenedWithZerosAndStaysSound) {
  RunningStore store;
  auto& on_disk = store.on_disk;
  auto database =
      SqliteDatabase::open(StoreOnDisk::path, SQLITE_OPEN_READWRITE, on_disk.vfs().name()).value();
  database.query_integer("SELECT count(*) FROM jobs").value();
  const auto size = on_disk.disk().size(StoreOnDisk::log_path);
  lengthen_log(database, static_cast<std::int64_t>(size) + 1'000'000);
  EXPECT_EQ(on_disk.disk().size(StoreOnDisk::log_path), size + 1'000'000);
  lengthen_log(database, 100);
  EXPECT_EQ(on_disk.disk().size(StoreOnDisk::log_path), size + 1'000'000) << "it is never made shorter";
  EXPECT_EQ(store.damage(), "");
  store.submit(3);
  on_disk.crash();
  on_disk.must_open();
  EXPECT_EQ(on_disk.recovery().queued, 6U);
}

}  // namespace jobqd::stores::sqlite
