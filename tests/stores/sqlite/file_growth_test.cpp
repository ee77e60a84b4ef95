// The file does not grow under steady load, and finished jobs are removed in small batches.

#include <algorithm>
#include <random>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "stores/faults/store_on_disk.hpp"
#include "stores/faults/workload.hpp"
#include "support/attempts.hpp"
#include "support/jobs.hpp"

namespace jobqd::stores::sqlite {

namespace {

using domain::Status;
using support::new_job;

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

constexpr int live = 1'000;      // jobs that wait at all times
constexpr int retained = 5'000;  // finished jobs that are kept
constexpr int batch = 250;
constexpr std::size_t payload = 400;

StoreOnDisk::Settings as_shipped() {
  return {.store = {.queues = {{.capacity = 1'000'000}}, .retention_max = retained},
          .checkpoint_pages = 4'096};
}

}  // namespace

/// The bound in docs/operations.md: the database holds at most twice the rows that are live and kept, the log
/// at most what two checkpoints leave.
TEST(DurabilityFileGrowth, FileAndLogStayBelowTheirBound) {
  constexpr std::size_t row = payload + 300;
  constexpr auto database_bound = 2 * (live + retained + 2 * batch) * row;
  constexpr auto log_bound = 33 * mib;
  StoreOnDisk on_disk(as_shipped());
  on_disk.must_open();
  std::mt19937_64 random(seed_of_this_run());
  std::size_t largest_database = 0;
  std::size_t largest_log = 0;
  int submitted = 0;
  const auto submit = [&](int count) {
    std::vector<domain::NewJob> jobs;
    for (int i = 0; i < count; ++i) {
      jobs.push_back(new_job(fmt::format("job-{}", ++submitted)));
      jobs.back().payload = fmt::format("\"{}\"", std::string(random() % (2 * payload), 'x'));
    }
    on_disk.submit(std::move(jobs)).value();
  };
  submit(live);
  const int through = rounds(200'000, 1'000'000);
  while (submitted < through) {
    submit(batch);
    for (int i = 0; i < batch; ++i) {
      const auto result = random() % 4 == 0 ? std::optional<std::string>("1") : std::nullopt;
      support::settle(on_disk.store(), on_disk.claim().value(), engine::Done{.result = result});
    }
    on_disk.advance(base::milliseconds{1});
    largest_database = std::max(largest_database, on_disk.disk().size(StoreOnDisk::path));
    largest_log = std::max(largest_log, on_disk.disk().size(StoreOnDisk::log_path));
  }
  fmt::print("{} jobs through, {} live, {} kept: database up to {} KiB of {}, log up to {} KiB of {}\n",
             through, live, retained, largest_database / kib, database_bound / kib, largest_log / kib,
             log_bound / kib);
  EXPECT_LT(largest_database, database_bound);
  EXPECT_LT(largest_log, log_bound);
  submit(1);  // Acknowledged, so all before it is durable.
  on_disk.crash();
  on_disk.must_open();
  EXPECT_EQ(on_disk.recovery().queued, static_cast<std::uint64_t>(live + 1));
  EXPECT_LE(on_disk.recovery().finished, static_cast<std::uint64_t>(retained + 2 * batch));
}

/// The sync of a commit that makes the file longer would have to write the size and the blocks of the file
/// too.
TEST(DurabilityFileGrowth, CommitsOverwriteALogThatIsLongEnough) {
  StoreOnDisk on_disk(as_shipped());
  on_disk.must_open();
  const auto submit = [&](int number) {
    on_disk.submit({new_job(fmt::format("job-{}", number))}).value();
    return on_disk.disk().size(StoreOnDisk::log_path);
  };
  int sizes = 0;
  std::size_t size = 0;
  constexpr int commits = 200;
  for (int number = 0; number < commits; ++number)
    if (std::exchange(size, submit(number)) != size) ++sizes;
  EXPECT_LT(sizes, commits / 10);
  on_disk.crash();
  on_disk.must_open();
  EXPECT_EQ(on_disk.recovery().queued, static_cast<std::uint64_t>(commits));
}

/// A few long-lived jobs must not keep the pages of all jobs that came and went beside them.
TEST(DurabilityFileGrowth, LongLivedJobsDoNotKeepTheFileLarge) {
  StoreOnDisk on_disk(as_shipped());
  on_disk.must_open();
  const int through = rounds(50'000, 200'000);
  std::size_t largest = 0;
  for (int i = 0; i < through; i += batch) {
    std::vector<domain::NewJob> jobs;
    for (int j = i; j < i + batch; ++j) jobs.push_back(new_job(fmt::format("job-{}", j)));
    jobs.front().delay = std::chrono::hours{1};
    jobs.front().payload = std::string(payload, '1');
    on_disk.submit(std::move(jobs)).value();
    for (int j = 1; j < batch; ++j) support::settle(on_disk.store(), on_disk.claim().value(), engine::Done{});
    largest = std::max(largest, on_disk.disk().size(StoreOnDisk::path));
  }
  // At most one page for each job that stays.
  const auto stay = static_cast<std::size_t>(through / batch);
  const auto bound = 4 * kib * stay + 2 * (retained + 2 * batch) * 300;
  fmt::print("{} jobs through, {} stay: database up to {} KiB of {}\n", through, stay, largest / kib,
             bound / kib);
  EXPECT_LT(largest, bound);
}

TEST(SqliteRetention, TakesFinishedJobsAwayInSmallBatches) {
  StoreOnDisk on_disk;
  on_disk.must_open();
  std::vector<domain::NewJob> jobs;
  for (int i = 0; i < 950; ++i) jobs.push_back(new_job(fmt::format("job-{}", i)));
  on_disk.submit(std::move(jobs)).value();
  while (const auto claim = on_disk.claim()) support::settle(on_disk.store(), *claim, engine::Done{});
  on_disk.clock.advance(std::chrono::hours{25});
  std::uint64_t left = 950;
  while (left > 0) {
    const auto next = on_disk.store().tick(on_disk.clock.now());
    const auto now = on_disk.store().counts().of(Status::done);
    EXPECT_EQ(left - now, std::min<std::uint64_t>(left, 100));
    // It asks to be called again at once, after other calls had their turn.
    EXPECT_TRUE(now == 0 || next == on_disk.clock.now().steady);
    left = now;
  }
  EXPECT_TRUE(on_disk.submit({new_job("marker")}));
  on_disk.crash();
  on_disk.must_open();
  EXPECT_EQ(on_disk.all().size(), 1U);
}

}  // namespace jobqd::stores::sqlite
