// Payloads that stay in the file, and are read back from it.

#include <algorithm>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stores/faults/fault_vfs.hpp"
#include "stores/faults/store_on_disk.hpp"
#include "stores/journal/rows.hpp"
#include "stores/sqlite/database.hpp"
#include "stores/sqlite/payload_file.hpp"
#include "stores/sqlite/rows.hpp"
#include "stores/sqlite/schema.hpp"
#include "support/attempts.hpp"
#include "support/caught.hpp"
#include "support/jobs.hpp"

namespace jobqd::stores::sqlite {

namespace {

using support::new_job;

std::string id_of(int number) {
  return fmt::format("job-{:04}", number);
}

std::string payload_of(const std::string& id) {
  return fmt::format("\"{:x<400}\"", id);
}

class PayloadsInAFile : public testing::Test {
 protected:
  void submit(int first, int count) {
    std::vector<domain::NewJob> jobs;
    for (int i = first; i < first + count; ++i) {
      jobs.push_back(new_job(id_of(i)));
      jobs.back().payload = payload_of(jobs.back().id);
    }
    on_disk.submit(std::move(jobs)).value();
  }
  /// Starts the next job, waits for it, and ends it. Its payload is the right one.
  std::string run_next() {
    const auto claim = support::claim(on_disk.store(), "default");
    if (!claim) return {};
    EXPECT_EQ(claim->payload, payload_of(claim->id));
    EXPECT_TRUE(support::settle(on_disk.store(), *claim, engine::Done{}));
    return claim->id;
  }

  StoreOnDisk on_disk{{.store = {.queues = {{.capacity = 1'000'000}}, .memory_budget = 4'000}}};
};

}  // namespace

TEST_F(PayloadsInAFile, AreReadBackInOrderWhileOthersAreWritten) {
  on_disk.must_open();
  submit(0, 300);
  for (int i = 0; i < 200; ++i) {
    submit(300 + i, 1);
    EXPECT_EQ(run_next(), id_of(i));
  }
  for (int i = 200; i < 500; ++i) EXPECT_EQ(run_next(), id_of(i));
}

TEST_F(PayloadsInAFile, AreReadBackAfterARestart) {
  on_disk.must_open();
  submit(0, 100);
  on_disk.crash();
  on_disk.must_open();
  EXPECT_EQ(on_disk.recovery().queued, 100U);
  EXPECT_EQ(on_disk.find(id_of(99)).value().payload, payload_of(id_of(99)));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(run_next(), id_of(i));
}

TEST_F(PayloadsInAFile, AreOnAllPagesOfAList) {
  on_disk.must_open();
  submit(0, 100);
  const auto jobs = on_disk.all();
  ASSERT_EQ(jobs.size(), 100U);
  for (const auto& job : jobs) EXPECT_EQ(job.payload, payload_of(job.id));
}

TEST_F(PayloadsInAFile, ThatWereChangedSetTheirJobsAside) {
  on_disk.must_open();
  submit(0, 30);
  auto other = SqliteDatabase::open(StoreOnDisk::path, SQLITE_OPEN_READWRITE, on_disk.vfs().name()).value();
  ASSERT_TRUE(
      other.execute("UPDATE jobs SET payload = '1' WHERE id = 'job-0020'; DELETE FROM jobs WHERE id = "
                    "'job-0025'"));
  for (int i = 0; i < 30; ++i) {
    if (i == 20 || i == 25) continue;
    EXPECT_EQ(run_next(), id_of(i));
  }
  EXPECT_EQ(on_disk.find(id_of(20)).error().code, domain::ErrorCode::job_not_found);
  EXPECT_EQ(on_disk.find(id_of(25)).error().code, domain::ErrorCode::job_not_found);
  EXPECT_EQ(on_disk.store().counts().of(domain::Status::queued), 0U);
}

TEST_F(PayloadsInAFile, AreNotReadAnyMoreOnceTheStoreIsDestroyed) {
  on_disk.must_open();
  submit(0, 100);
  std::vector<support::Caught<domain::Job>> found(100);
  for (int i = 0; i < 100; ++i) on_disk.store().find(id_of(i), found[static_cast<std::size_t>(i)].callback());
  on_disk.close();
  on_disk.must_open();
  EXPECT_EQ(on_disk.recovery().queued, 100U);
}

TEST(PayloadFile, ReadsTheRowsThatAreWantedInWhateverOrderTheyAreAskedFor) {
  const FaultVfs vfs;
  const std::string path = "/jobs.db";
  auto database = SqliteDatabase::open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs.name()).value();
  prepare_schema(database).value();
  auto writer = RowWriter::prepare(database).value();
  const auto payload_of_row = [](std::uint64_t number) {
    return std::string(number == 500 ? 2'000'000 : number % 90, 'x');  // One is more than is read at once.
  };
  for (std::uint64_t number = 1; number <= 2'000; ++number) {
    auto row = journal::job_row(number);
    row.content = journal::JobBytes(fmt::format("job-{}", number), payload_of_row(number), "");
    writer.insert(row).value();
  }
  ASSERT_TRUE(database.execute("DELETE FROM jobs WHERE number IN (1, 700, 701, 1999, 2000)"));
  ASSERT_TRUE(database.execute("UPDATE jobs SET priority = priority + 1 WHERE number IN (2, 900)"));
  const std::set<std::uint64_t> without{1, 2, 700, 701, 900, 1'999, 2'000, 5'000};

  std::vector<std::uint64_t> wanted{2'000, 5'000, 1'999, 1'700, 1'706, 1'711, 1'715};
  for (std::uint64_t number = 1; number <= 1'000; ++number)
    if (number % 3 != 0 || number > 400) wanted.push_back(number);
  std::ranges::shuffle(wanted, std::mt19937(1));  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time.
  const auto file = PayloadFile::open(path, vfs.name()).value();
  const auto read = file->read(wanted).value();
  ASSERT_EQ(read.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    ASSERT_EQ(read[i].has_value(), !without.contains(wanted[i])) << wanted[i];
    if (!read[i]) continue;
    EXPECT_EQ(read[i]->id(), fmt::format("job-{}", wanted[i]));
    EXPECT_EQ(read[i]->payload(), payload_of_row(wanted[i]));
  }
  EXPECT_TRUE(file->read({}).value().empty());
}

}  // namespace jobqd::stores::sqlite
