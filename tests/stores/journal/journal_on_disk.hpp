#pragma once

#include <array>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "stores/journal/batching_journal.hpp"
#include "stores/journal/rows.hpp"
#include "support/caught.hpp"
#include "support/manual_clock.hpp"

namespace jobqd::stores::journal {

/// A disk that fails when a test wants it to, and remembers what was written. Thread-safe.
class Disk {
 public:
  struct Write {
    std::size_t inserts;
    std::size_t updates;
    bool probe;
    bool operator==(const Write&) const = default;
  };
  using Outcome = std::expected<void, WriteFailure>;

  /// The outcome of all writes from now on.
  void set(Outcome outcome) {
    const std::scoped_lock lock(mutex_);
    outcome_ = std::move(outcome);
  }
  void set_upkeep(Outcome outcome) {
    const std::scoped_lock lock(mutex_);
    upkeep_ = std::move(outcome);
  }
  void set_recovers(bool recovers) {
    const std::scoped_lock lock(mutex_);
    recovers_ = recovers;
  }

  Outcome write(const Changes& changes, bool probe) {
    on_write();
    const std::scoped_lock lock(mutex_);
    last_writer_ = std::this_thread::get_id();
    if (outcome_)
      written_.push_back(
          {.inserts = changes.inserts.size(), .updates = changes.updates.size(), .probe = probe});
    else
      ++refused_;
    changed_.notify_all();
    return outcome_;
  }
  void set_needs_upkeep(bool needs) {
    const std::scoped_lock lock(mutex_);
    needs_upkeep_ = needs;
  }
  bool needs_upkeep() {
    const std::scoped_lock lock(mutex_);
    return needs_upkeep_;
  }
  Outcome upkeep() {
    const std::scoped_lock lock(mutex_);
    upkeep_threads_.insert(std::this_thread::get_id());
    ++upkeeps_;
    changed_.notify_all();
    return upkeep_;
  }
  bool recovers() {
    const std::scoped_lock lock(mutex_);
    return recovers_;
  }

  [[nodiscard]] std::vector<Write> written() const {
    const std::scoped_lock lock(mutex_);
    return written_;
  }
  /// The thread of the last write.
  [[nodiscard]] std::thread::id last_writer() const {
    const std::scoped_lock lock(mutex_);
    return last_writer_;
  }
  /// The threads of all upkeeps.
  [[nodiscard]] std::set<std::thread::id> upkeep_threads() const {
    const std::scoped_lock lock(mutex_);
    return upkeep_threads_;
  }
  /// Waits until there have been `count` writes, refused writes or upkeeps. Returns false when patience ends.
  bool wait_for_writes(std::size_t count) {
    return wait([&] { return written_.size() >= count; });
  }
  bool wait_for_refusals(std::size_t count) {
    return wait([&] { return refused_ >= count; });
  }
  bool wait_for_upkeeps(std::size_t count) {
    return wait([&] { return upkeeps_ >= count; });
  }

  /// Called at the start of each write, on the journal's thread. Set before the journal starts.
  std::function<void()> on_write = [] {};

 private:
  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, support::patience, condition);
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Outcome outcome_;
  Outcome upkeep_;
  bool recovers_ = true;
  bool needs_upkeep_ = true;
  std::thread::id last_writer_;
  std::set<std::thread::id> upkeep_threads_;
  std::vector<Write> written_;
  std::size_t refused_ = 0;
  std::size_t upkeeps_ = 0;
};

class Writer final : public BatchWriter {
 public:
  explicit Writer(Disk& disk) : disk_(disk) {}
  std::expected<void, WriteFailure> write(const Changes& changes, bool probe) override {
    return disk_.write(changes, probe);
  }
  bool has_recovered() override { return disk_.recovers(); }
  [[nodiscard]] bool needs_tending() const override { return disk_.needs_upkeep(); }
  std::expected<void, WriteFailure> tend() override { return disk_.upkeep(); }

 private:
  Disk& disk_;
};

/// Remembers every event of the journal as a line. Thread-safe.
class Events final : public engine::Observer {
 public:
  void batch_committed(const engine::Commit& commit) override {
    add("committed " + std::to_string(commit.changes));
    const std::scoped_lock lock(mutex_);
    durations_.push_back(commit.duration);
  }
  void store_changed(std::string_view why) override { add("changed " + std::string(why)); }
  void store_lost(std::string_view why) override { add("lost " + std::string(why)); }

  [[nodiscard]] std::vector<std::string> lines() const {
    const std::scoped_lock lock(mutex_);
    return lines_;
  }
  [[nodiscard]] std::vector<std::chrono::nanoseconds> durations() const {
    const std::scoped_lock lock(mutex_);
    return durations_;
  }
  /// Called with every event. Set before the journal starts.
  std::function<void()> on_event = [] {};

 private:
  void add(std::string line) {
    on_event();
    const std::scoped_lock lock(mutex_);
    lines_.push_back(std::move(line));
  }

  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
  std::vector<std::chrono::nanoseconds> durations_;
};

class BatchingJournalTest : public testing::Test {
 protected:
  void start() { journal->start(); }
  void end() { journal.reset(); }

  support::Caught<void> insert(std::uint64_t number) {
    support::Caught<void> caught;
    std::array rows{job_row(number)};
    journal->insert(rows, caught.callback());
    journal->flush();
    return caught;
  }
  engine::Expected<void> sync() {
    return support::result_of<void>([this](auto done) {
      journal->when_durable(std::move(done));
      journal->flush();
    });
  }
  static Disk::Outcome failure(std::string why, bool fatal = false) {
    return std::unexpected(WriteFailure{.why = std::move(why), .fatal = fatal});
  }

  support::ManualClock clock;
  Disk disk;
  Events events;
  std::unique_ptr<BatchingJournal> journal =
      std::make_unique<BatchingJournal>(BatchingJournal::Options{.try_again = base::milliseconds{1}}, clock,
                                        events, std::make_unique<Writer>(disk));
};

}  // namespace jobqd::stores::journal
