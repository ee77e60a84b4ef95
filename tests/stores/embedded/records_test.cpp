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

class RecordsTest : public testing::Test {
 protected:
  /// Every member that a journal keeps differs from its default.
  Record full_record() {
    Record record;
    record.content = journal::JobBytes("a", R"({"n":1})", "trace");
    record.number = 7;
    record.fingerprint = 8;
    record.enqueued_at = PackedWall(WallTime(milliseconds{1}));
    record.set_run_at(WallTime(milliseconds{2}));
    auto& history = record.history(histories_);
    history.started_at = PackedWall(WallTime(milliseconds{3}));
    history.finished_at = PackedWall(WallTime(milliseconds{4}));
    history.ending =
        std::make_unique<journal::Ending>(journal::Ending{.last_error = "it broke", .result = "1"});
    record.set_progress({.status = Status::failed,
                         .reason = Reason::rejected,
                         .deferrals = 4,
                         .simulated = true,
                         .attempts = 3,
                         .failures = 2,
                         .interruptions = 1},
                        histories_);
    record.timeout_ms = 5;
    record.max_retries = 6;
    record.queue = 1;
    record.priority = -9;
    return record;
  }

  Record read_back(const Record& record, bool with_progress) {
    journal::StoredJob stored{.job = job_row(record, "mail"), .progress = {}};
    if (with_progress) stored.progress = progress_row(record, nullptr);
    return record_of(std::move(stored), record.queue, histories_);
  }

  Histories histories_;
};

}  // namespace

TEST_F(RecordsTest, AJobRowHasTheFieldsOfTheProducer) {
  const auto row = job_row(full_record(), "mail");
  EXPECT_EQ(row.number, 7U);
  EXPECT_EQ(row.queue, "mail");
  EXPECT_EQ(row.content.payload(), R"({"n":1})");
  EXPECT_EQ(row.run_at, WallTime(milliseconds{2}));
}

TEST_F(RecordsTest, ComeBackFromTheirRowsAsTheyWere) {
  const auto before = full_record();
  const auto after = read_back(before, true);
  EXPECT_EQ(after.content.id(), "a");
  EXPECT_EQ(after.content.payload(), before.content.payload());
  EXPECT_EQ(after.content.traceparent(), "trace");
  EXPECT_EQ(after.number, before.number);
  EXPECT_EQ(after.fingerprint, before.fingerprint);
  EXPECT_EQ(after.enqueued_at.get(), before.enqueued_at.get());
  EXPECT_EQ(after.run_at(), before.run_at());
  EXPECT_EQ(after.history()->started_at, before.history()->started_at);
  EXPECT_EQ(after.history()->finished_at, before.history()->finished_at);
  ASSERT_NE(after.ending(), nullptr);
  EXPECT_EQ(after.ending()->last_error, "it broke");
  EXPECT_EQ(after.ending()->result, "1");
  EXPECT_EQ(after.progress(), before.progress());
  EXPECT_EQ(after.timeout_ms, before.timeout_ms);
  EXPECT_EQ(after.max_retries, before.max_retries);
  EXPECT_EQ(after.queue, before.queue);
  EXPECT_EQ(after.priority, before.priority);
  EXPECT_TRUE(after.durable);
}

TEST_F(RecordsTest, ALeaseIsKeptWithTheToken) {
  auto record = full_record();
  record.history()->token = 77;
  EXPECT_EQ(progress_row(record, nullptr).lease, std::nullopt);
  const engine::LeaseTerms terms{.duration = milliseconds{9}, .worker = "w"};
  const auto lease = progress_row(record, &terms).lease.value();
  EXPECT_EQ(lease.token, 77U);
  EXPECT_EQ(lease.duration, milliseconds{9});
  EXPECT_EQ(lease.worker, "w");
}

TEST_F(RecordsTest, AJobWithoutProgressIsReadyUnlessItWaitsForATime) {
  auto record = full_record();
  EXPECT_EQ(read_back(record, false).progress(),
            (Progress{.status = Status::queued, .reason = Reason::delayed}));
  record.set_run_at({});
  const auto ready = read_back(record, false);
  EXPECT_EQ(ready.progress(), Progress{});
  EXPECT_EQ(ready.ending(), nullptr);
  EXPECT_EQ(ready.history(), nullptr) << "it takes no memory for what it does not have";
}

TEST_F(RecordsTest, KeepEveryTimeThatFits) {
  const auto year = std::chrono::days{365};
  for (const WallTime time :
       {WallTime{-year}, WallTime{}, WallTime{4'000 * year}, WallTime{-4'000 * year},
        WallTime(milliseconds{(1LL << 47) - 1}), WallTime(milliseconds{-(1LL << 47)})}) {
    journal::StoredJob stored{.job = job_row(full_record(), "mail"), .progress = {}};
    stored.job.enqueued_at = time;
    stored.job.run_at = time;
    ASSERT_TRUE(fits(stored));
    auto record = record_of(stored, 1, histories_);
    EXPECT_EQ(record.enqueued_at.get(), time);
    EXPECT_EQ(record.run_at(), time);
    record.history(histories_);
    EXPECT_EQ(record.run_at(), time);
  }
}

TEST_F(RecordsTest, AJobFitsIfAllOfItsTimesDo) {
  for (const WallTime time : {WallTime::max(), WallTime::min(), WallTime(milliseconds{1LL << 47}),
                              WallTime(milliseconds{-(1LL << 47) - 1})}) {
    const journal::StoredJob sound{.job = job_row(full_record(), "mail"),
                                   .progress = progress_row(full_record(), nullptr)};
    EXPECT_TRUE(fits(sound));
    for (auto member : {&journal::JobRow::enqueued_at, &journal::JobRow::run_at}) {
      auto stored = sound;
      stored.job.*member = time;
      EXPECT_FALSE(fits(stored));
    }
    for (auto member : {&journal::ProgressRow::run_at, &journal::ProgressRow::started_at,
                        &journal::ProgressRow::finished_at}) {
      auto stored = sound;
      (*stored.progress).*member = time;
      EXPECT_FALSE(fits(stored));
    }
  }
}

TEST_F(RecordsTest, GiveTheirHistoriesBack) {
  const History* first = nullptr;
  for (int i = 0; i < 1'000; ++i) {
    Record record;
    History& history = record.history(histories_);
    EXPECT_EQ(history.attempts, 0U) << "as if it had never been used";
    history.attempts = 1;
    if (first == nullptr) first = &history;
    Record moved = std::move(record);
    EXPECT_EQ(moved.history(), &history);
    EXPECT_EQ(&history, first) << "the place is used again";
  }
}

TEST(RecentBatch, IsInTheBatchesUpToADurableOne) {
  EXPECT_TRUE(RecentBatch{}.is_in(0));
  EXPECT_FALSE(RecentBatch{5}.is_in(4));
  EXPECT_TRUE(RecentBatch{5}.is_in(5));
  EXPECT_TRUE(RecentBatch{5}.is_in(6));
}

TEST(RecentBatch, IsNeverInABatchBeforeItsOwn) {
  const auto bits32 = std::uint64_t{1} << 32;
  for (const auto batch : {bits32 - 1, bits32, bits32 + 1, bits32 / 2, 3 * bits32}) {
    EXPECT_FALSE(RecentBatch{batch}.is_in(batch - 1));
    EXPECT_FALSE(RecentBatch{batch}.is_in(batch - 100));
    EXPECT_TRUE(RecentBatch{batch}.is_in(batch + 1)) << "the batch behind 2^32 stands for that";
    EXPECT_TRUE(RecentBatch{batch}.is_in(batch + 1'000'000'000));
  }
}

}  // namespace jobqd::stores::embedded
