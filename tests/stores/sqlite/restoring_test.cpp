// The restoration of a file: what is said meanwhile, what ends it, and what it leaves.

#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include "stores/faults/fault_vfs.hpp"
#include "stores/open.hpp"
#include "support/attempts.hpp"
#include "support/caught.hpp"
#include "support/jobs.hpp"
#include "support/manual_clock.hpp"

namespace jobqd::stores::sqlite {

namespace {

using domain::ErrorCode;
using support::new_job;
using support::result_of;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;
using Submitted = std::vector<engine::Submitted>;

constexpr std::uint64_t jobs = 3'000;

/// Holds one of the two threads whenever it has read something, until it is released.
class HeldThread {
 public:
  HeldThread(FaultDisk& disk, std::string_view name) : disk_(disk), name_(name) {
    disk_.set_on_read([this](const std::string& /*name*/) { hold(); });
  }
  ~HeldThread() {
    release();
    disk_.set_on_read({});
  }
  HeldThread(const HeldThread&) = delete;
  HeldThread& operator=(const HeldThread&) = delete;

  void release() {
    const std::scoped_lock lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }

 private:
  void hold() {
    std::array<char, 16> name{};
    pthread_getname_np(pthread_self(), name.data(), name.size());
    if (std::string_view(name.data()) != name_) return;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, support::patience, [this] { return released_; });
  }

  FaultDisk& disk_;
  const std::string_view name_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool released_ = false;
};

/// A closed file with 3,000 jobs, job-1 and so on.
class Restoring : public testing::Test {
 protected:
  Restoring() {
    open();
    restore([](RestoredJobs) { return true; }).value();
    std::vector<domain::NewJob> some;
    for (std::uint64_t i = 1; i <= jobs; ++i) some.push_back(new_job(fmt::format("job-{}", i)));
    result_of<Submitted>([&](auto done) { opened.store->submit(std::move(some), std::move(done)); }).value();
    opened = {};
  }

  void open() {
    opened = {};
    auto file = JournalFile::open({.path = "/jobs.db", .vfs = vfs.name()}).value();
    opened = unrestored_store({.queues = {{.capacity = 1'000'000, .remote = true}}},
                              {.clock = clock, .random = random, .observer = observer}, std::move(file));
  }
  std::expected<std::optional<Recovery>, std::string> restore(const GoOn& go_on) {
    return opened.restore(go_on);
  }
  engine::Expected<Submitted> submit(const std::string& id) {
    return result_of<Submitted>([&](auto done) { opened.store->submit({new_job(id)}, std::move(done)); });
  }

  FaultVfs vfs;
  support::ManualClock clock;
  base::Random random{1};
  engine::Observer observer;
  UnrestoredStore opened;
};

}  // namespace

TEST_F(Restoring, ReadsTheJobsWhileThePagesAreChecked) {
  open();
  EXPECT_EQ(opened.store->trouble(), "restoring 0 jobs so far");
  HeldThread check(vfs.disk(), "check");
  bool all_were_there = false;
  const auto recovery = restore([&](RestoredJobs restored) {
    EXPECT_THAT(opened.store->trouble(), MatchesRegex("restoring .* jobs.*"));
    if (restored.done < jobs) return true;
    all_were_there = true;
    // Nothing is accepted before the pages are known to be sound.
    const auto refused = submit("early");
    EXPECT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::store_unavailable);
    EXPECT_THAT(refused.error().detail, HasSubstr("restoring 3,000"));
    check.release();
    return true;
  });
  EXPECT_TRUE(all_were_there);
  EXPECT_EQ(recovery.value().value().queued, jobs);
  EXPECT_EQ(opened.store->trouble(), "");
  EXPECT_TRUE(submit("later"));
}

TEST_F(Restoring, CountsTheJobs) {
  open();
  HeldThread reader(vfs.disk(), "restore");
  RestoredJobs last;
  restore([&](RestoredJobs restored) {
    if (restored.all > 0) reader.release();
    EXPECT_GE(restored.done, last.done);
    last = restored;
    return true;
  }).value();
  EXPECT_EQ(last.done, jobs);
  EXPECT_EQ(last.all, jobs);
}

TEST_F(Restoring, KeepsTheOrder) {
  open();
  restore([](RestoredJobs) { return true; }).value();
  for (std::uint64_t i = 1; i <= jobs; ++i)
    ASSERT_EQ(support::claim(*opened.store).value().id, fmt::format("job-{}", i));
}

TEST_F(Restoring, KeepsTheOrderOfJobsThatComeDueMeanwhile) {
  open();
  restore([](RestoredJobs) { return true; }).value();
  constexpr std::uint64_t due_jobs = 1'000;
  std::vector<domain::NewJob> some;
  for (std::uint64_t i = 1; i <= due_jobs; ++i) {
    some.push_back(new_job(fmt::format("due-{}", i)));
    some.back().run_at = clock.now().wall + base::milliseconds{1'000};
  }
  result_of<Submitted>([&](auto done) { opened.store->submit(std::move(some), std::move(done)); }).value();
  open();
  restore([&, late = false](RestoredJobs restored) mutable {
    if (restored.done > jobs + due_jobs / 2 && !std::exchange(late, true))
      clock.advance(base::milliseconds{2'000});
    return true;
  }).value();
  for (auto next = opened.store->tick(clock.now()); next && *next <= clock.now().steady;)
    next = opened.store->tick(clock.now());
  for (std::uint64_t i = 1; i <= jobs; ++i) ASSERT_TRUE(support::claim(*opened.store));
  for (std::uint64_t i = 1; i <= due_jobs; ++i)
    ASSERT_EQ(support::claim(*opened.store).value().id, fmt::format("due-{}", i));
}

TEST_F(Restoring, EndsWhenItIsAskedToAndLosesNothing) {
  for (const std::uint64_t enough : {std::uint64_t{0}, std::uint64_t{1'000}, jobs}) {
    open();
    HeldThread check(vfs.disk(), "check");
    const auto given_up = restore([&](RestoredJobs restored) {
      if (restored.done < enough) return true;
      check.release();
      return false;
    });
    EXPECT_EQ(given_up.value().has_value(), false) << enough;
  }
  open();
  EXPECT_EQ(restore([](RestoredJobs) { return true; }).value().value().queued, jobs);
}

TEST_F(Restoring, RefusesDamagedPagesInTheSameWordsWhoeverFindsThemFirst) {
  constexpr std::uint64_t page = 20;
  for (const bool check_is_late : {false, true}) {
    vfs.disk().flip("/jobs.db", page * 4'096 * 8);  // The kind of the page.
    open();
    std::optional<HeldThread> check;
    if (check_is_late) check.emplace(vfs.disk(), "check");
    const auto refused = restore([&](RestoredJobs restored) {
      if (check && restored.done > 0) check->release();
      return true;
    });
    EXPECT_THAT(refused.error(), StartsWith("cannot open /jobs.db: the database is damaged: "));
    EXPECT_THAT(refused.error(), HasSubstr("; restore a backup, or see what `jobqd check` says"));
    opened = {};
    vfs.disk().flip("/jobs.db", page * 4'096 * 8);
  }
  open();
  EXPECT_EQ(restore([](RestoredJobs) { return true; }).value().value().queued, jobs) << "nothing was written";
}

}  // namespace jobqd::stores::sqlite
