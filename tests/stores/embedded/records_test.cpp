#include "stores/embedded/records.hpp"

#include <optional>

#include <gtest/gtest.h>

namespace jobqd::stores::embedded {

namespace {

using base::WallTime;
using domain::Progress;
using domain::Reason;
using domain::Status;
using std::chrono::milliseconds;

/// Every member that a journal keeps differs from its default.
Record full_record() {
  Record record;
  record.content = journal::JobBytes("a", R"({"n":1})", "trace");
  record.number = 7;
  record.fingerprint = 8;
  record.enqueued_at = WallTime(milliseconds{1});
  record.run_at = WallTime(milliseconds{2});
  record.started_at = WallTime(milliseconds{3});
  record.finished_at = WallTime(milliseconds{4});
  record.ending = std::make_unique<journal::Ending>(journal::Ending{.last_error = "it broke", .result = "1"});
  record.progress = {
      .status = Status::failed, .reason = Reason::rejected, .simulated = true, .attempts = 3, .failures = 2};
  record.timeout_ms = 5;
  record.max_retries = 6;
  record.queue = 1;
  record.priority = -9;
  return record;
}

Record read_back(const Record& record, bool with_progress) {
  journal::StoredJob stored{.job = job_row(record, "mail"), .progress = {}};
  if (with_progress) stored.progress = progress_row(record, nullptr);
  return record_of(std::move(stored), record.queue);
}

}  // namespace

TEST(Records, AJobRowHasTheFieldsOfTheProducer) {
  const auto row = job_row(full_record(), "mail");
  EXPECT_EQ(row.number, 7U);
  EXPECT_EQ(row.queue, "mail");
  EXPECT_EQ(row.content.payload(), R"({"n":1})");
  EXPECT_EQ(row.run_at, WallTime(milliseconds{2}));
}

TEST(Records, ComeBackFromTheirRowsAsTheyWere) {
  const auto before = full_record();
  const auto after = read_back(before, true);
  EXPECT_EQ(after.content.id(), "a");
  EXPECT_EQ(after.content.payload(), before.content.payload());
  EXPECT_EQ(after.content.traceparent(), "trace");
  EXPECT_EQ(after.number, before.number);
  EXPECT_EQ(after.fingerprint, before.fingerprint);
  EXPECT_EQ(after.enqueued_at, before.enqueued_at);
  EXPECT_EQ(after.run_at, before.run_at);
  EXPECT_EQ(after.started_at, before.started_at);
  EXPECT_EQ(after.finished_at, before.finished_at);
  ASSERT_NE(after.ending, nullptr);
  EXPECT_EQ(after.ending->last_error, "it broke");
  EXPECT_EQ(after.ending->result, "1");
  EXPECT_EQ(after.progress, before.progress);
  EXPECT_EQ(after.timeout_ms, before.timeout_ms);
  EXPECT_EQ(after.max_retries, before.max_retries);
  EXPECT_EQ(after.queue, before.queue);
  EXPECT_EQ(after.priority, before.priority);
  EXPECT_TRUE(after.durable);
}

TEST(Records, ALeaseIsKeptWithTheToken) {
  auto record = full_record();
  record.token = 77;
  EXPECT_EQ(progress_row(record, nullptr).lease, std::nullopt);
  const engine::LeaseTerms terms{.duration = milliseconds{9}, .worker = "w"};
  const auto lease = progress_row(record, &terms).lease.value();
  EXPECT_EQ(lease.token, 77U);
  EXPECT_EQ(lease.duration, milliseconds{9});
  EXPECT_EQ(lease.worker, "w");
}

TEST(Records, AJobWithoutProgressIsReadyUnlessItWaitsForATime) {
  auto record = full_record();
  EXPECT_EQ(read_back(record, false).progress,
            (Progress{.status = Status::queued, .reason = Reason::delayed}));
  record.run_at = {};
  const auto ready = read_back(record, false);
  EXPECT_EQ(ready.progress, Progress{});
  EXPECT_EQ(ready.ending, nullptr);
}

}  // namespace jobqd::stores::embedded
