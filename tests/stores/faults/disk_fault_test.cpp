// Any write or sync fails, once or from then on.

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "stores/faults/store_on_disk.hpp"
#include "stores/faults/workload.hpp"
#include "support/attempts.hpp"
#include "support/jobs.hpp"

namespace jobqd::stores::sqlite {

namespace {

using domain::ErrorCode;
using domain::Status;
using Fault = FaultDisk::Fault;

constexpr int steps = 120;

struct Kind {
  const char* name;
  Fault fault;
  bool known = true;  ///< After it, it is still known what is on disk.
};

void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.name;
}

std::string name_of(const testing::TestParamInfo<Kind>& info) {
  return info.param.name;
}

/// What the file must hold of a job.
struct Expected {
  std::string id;
  domain::Progress progress;
  std::string last_error;
  std::optional<std::string> result;
  std::optional<base::WallTime> finished_at;
  bool operator==(const Expected&) const = default;
};

void PrintTo(const Expected& job, std::ostream* out) {
  *out << fmt::format("{} {} attempts {} failures {} interruptions {}", job.id,
                      domain::to_string(job.progress.status), job.progress.attempts, job.progress.failures,
                      job.progress.interruptions);
}

/// What a restart makes of the jobs.
std::vector<Expected> expected(const std::vector<domain::Job>& jobs) {
  const std::string cancelled = "cancelled while running";
  std::vector<Expected> all;
  for (const auto& job : jobs) {
    Expected after{job.id, job.progress, job.last_error, job.result, job.finished_at};
    auto& progress = after.progress;
    if (progress.status == Status::running && progress.reason == domain::Reason::cancelled) {
      progress.status = Status::failed;
      after.last_error = cancelled;
    } else if (progress.status == Status::running) {
      progress.status = Status::queued;
      ++progress.interruptions;
    }
    // Why a job waits, and when a cancelled one ends, depends on the clock.
    if (progress.status == Status::queued) progress.reason = domain::Reason::none;
    if (after.last_error == cancelled) after.finished_at.reset();
    all.push_back(std::move(after));
  }
  return all;
}

}  // namespace

/// A life in which the nth operation fails, for every n; one test for each kind of failure.
class DurabilityDiskFault : public testing::TestWithParam<Kind> {
 protected:
  /// Runs one life. Returns false once the fault no longer occurs.
  bool live(std::uint64_t nth);

 private:
  void go_on_after_a_fault(StoreOnDisk& on_disk, Ledger& ledger, Workload& workload);
  static void stay_refused(StoreOnDisk& on_disk, const Ledger& ledger);
};

bool DurabilityDiskFault::live(std::uint64_t nth) {
  StoreOnDisk on_disk;
  Ledger ledger;
  Workload workload(on_disk, ledger, seed_of_this_run());
  auto fault = GetParam().fault;
  fault.nth = nth;
  on_disk.disk().fail(fault);
  const auto opened = on_disk.open();
  if (!opened) {
    EXPECT_NE(opened.error(), "");
    on_disk.disk().heal();
    on_disk.must_open();
  }
  for (int i = 0; i < steps && on_disk.watcher.lost().empty(); ++i) {
    const bool refused = !workload.step();
    EXPECT_TRUE(!refused || on_disk.watcher.times_trouble() > 0);
  }
  const bool struck = on_disk.disk().struck();
  if (!on_disk.watcher.lost().empty()) {
    stay_refused(on_disk, ledger);
  } else if (struck && opened) {
    EXPECT_TRUE(GetParam().known) << "a failed sync was not reported";
    go_on_after_a_fault(on_disk, ledger, workload);
  }
  on_disk.crash();
  on_disk.must_open();
  const auto verdict = ledger.check(on_disk.all());
  EXPECT_EQ(verdict.total(), 0) << verdict.first;
  return struck;
}

/// What was decided while the disk was in trouble is written once the disk is healed.
void DurabilityDiskFault::go_on_after_a_fault(StoreOnDisk& on_disk, Ledger& ledger, Workload& workload) {
  on_disk.disk().heal();
  ASSERT_TRUE(on_disk.watcher.wait_until_well());
  EXPECT_EQ(on_disk.store().trouble(), "");
  EXPECT_TRUE(workload.run(10));
  const std::vector marker{support::new_job("marker")};
  ledger.submitting(marker);
  ASSERT_TRUE(on_disk.submit(marker));
  ledger.accepted();
  // Everything that was decided before the marker is durable now.
  const auto before = expected(on_disk.all());
  on_disk.crash();
  on_disk.must_open();
  EXPECT_EQ(expected(on_disk.all()), before);
}

/// After a failed sync nothing is acknowledged, even if later operations succeed.
void DurabilityDiskFault::stay_refused(StoreOnDisk& on_disk, const Ledger& ledger) {
  EXPECT_FALSE(GetParam().known);
  EXPECT_TRUE(on_disk.disk().struck());
  const auto acknowledged = ledger.acknowledged();
  for (int i = 0; i < 5; ++i) {
    const auto answer = on_disk.submit({support::new_job(fmt::format("late-{}", i))});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::store_unavailable);
  }
  EXPECT_EQ(ledger.acknowledged(), acknowledged);
  EXPECT_NE(on_disk.store().trouble(), "");
}

TEST_P(DurabilityDiskFault, AtEveryPlaceInALife) {
  std::uint64_t faults = 0;
  for (std::uint64_t nth = 1; live(nth); nth += sweep_stride(), ++faults)
    ASSERT_FALSE(HasFailure()) << "operation " << nth;
  fmt::print("{} faults, lost 0\n", faults);
  EXPECT_GT(faults, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Kind, DurabilityDiskFault,
    testing::Values(
        Kind{"FullOnce", {.operations = FaultDisk::write, .code = SQLITE_FULL}},
        Kind{"FullFromThenOn", {.operations = FaultDisk::write, .code = SQLITE_FULL, .persistent = true}},
        Kind{"FullInTheMiddleOfAPage",
             {.operations = FaultDisk::write, .code = SQLITE_FULL, .persistent = true, .landed = 1000}},
        Kind{"WriteErrorOnce", {.operations = FaultDisk::write, .code = SQLITE_IOERR_WRITE, .landed = 10}},
        Kind{"WriteErrorFromThenOn",
             {.operations = FaultDisk::write, .code = SQLITE_IOERR_WRITE, .persistent = true, .landed = 512}},
        Kind{"TruncateErrorFromThenOn",
             {.operations = FaultDisk::truncate, .code = SQLITE_IOERR_TRUNCATE, .persistent = true}},
        Kind{"SyncErrorOnce", {.operations = FaultDisk::sync, .code = SQLITE_IOERR_FSYNC}, false},
        Kind{"SyncErrorFromThenOn",
             {.operations = FaultDisk::sync, .code = SQLITE_IOERR_FSYNC, .persistent = true},
             false}),
    name_of);

class DurabilityFullDisk : public testing::Test {
 protected:
  DurabilityFullDisk() {
    on_disk.must_open();
    on_disk.submit({support::new_job("running"), support::new_job("waiting")}).value();
    running = on_disk.claim().value();
    on_disk.disk().fail({.operations = FaultDisk::write, .code = SQLITE_FULL, .persistent = true});
    refused = on_disk.submit({support::new_job("refused")});
  }

  StoreOnDisk on_disk;
  engine::Claim running;
  engine::Expected<std::vector<engine::Submitted>> refused;
};

TEST_F(DurabilityFullDisk, RefusesAndSaysWhy) {
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::store_unavailable);
  EXPECT_EQ(refused.error().detail, "the disk is full");
  EXPECT_EQ(on_disk.store().trouble(), "the disk is full");
  EXPECT_EQ(on_disk.watcher.lost(), "");
  for (const auto& answer : {on_disk.cancel("waiting"), on_disk.retry("waiting")}) {
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::store_unavailable);
  }
  EXPECT_FALSE(on_disk.remove("waiting"));
}

TEST_F(DurabilityFullDisk, JobsGoOnAndAreFound) {
  EXPECT_TRUE(support::settle(on_disk.store(), running, engine::Done{.result = "1"}));
  EXPECT_EQ(on_disk.find("running").value().progress.status, Status::done);
  EXPECT_EQ(on_disk.claim().value().id, "waiting");
}

TEST_F(DurabilityFullDisk, DoesNotSayThatItIsWellBeforeItIs) {
  const auto operations = on_disk.disk().operations();
  // Meanwhile the journal tries again and again.
  for (int i = 0; on_disk.disk().operations() < operations + 20; ++i) (void)on_disk.find("waiting");
  EXPECT_EQ(on_disk.watcher.times_well(), 0);
  EXPECT_EQ(on_disk.watcher.times_trouble(), 1);
}

TEST_F(DurabilityFullDisk, RecoversByItselfAndRecordsWhatFinishedMeanwhile) {
  support::settle(on_disk.store(), running, engine::Done{.result = "1"});
  on_disk.disk().heal();
  ASSERT_TRUE(on_disk.watcher.wait_until_well());
  on_disk.crash();
  on_disk.must_open();
  EXPECT_EQ(on_disk.find("running").value().progress.status, Status::done);
  EXPECT_FALSE(on_disk.find("refused"));
  EXPECT_TRUE(on_disk.submit({support::new_job("refused")}));
}

TEST_F(DurabilityFullDisk, WhatFinishedAndCouldNotBeRecordedRunsAgain) {
  support::settle(on_disk.store(), running, engine::Done{.result = "1"});
  on_disk.crash();
  on_disk.must_open();
  EXPECT_EQ(on_disk.find("running").value().progress.status, Status::queued);
  EXPECT_EQ(on_disk.all().size(), 2U);
}

}  // namespace jobqd::stores::sqlite
