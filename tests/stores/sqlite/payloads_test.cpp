// Payloads that stay in the file, and are read back from it.

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stores/faults/store_on_disk.hpp"
#include "stores/sqlite/database.hpp"
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

}  // namespace jobqd::stores::sqlite
