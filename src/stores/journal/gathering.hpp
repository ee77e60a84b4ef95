#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/base/mutex.hpp>

#include "stores/journal/changes.hpp"
#include "stores/journal/journal.hpp"

namespace jobqd::stores::journal {

/// A batch on its way to the disk: its changes, and who waits for them.
struct Batch {
  Journal::BatchNumber number = 0;
  Changes changes;
  std::vector<Journal::Durable> waiting;
  bool last = false;  ///< stop() had been called when it was taken.
};

/// Where changes gather while the journal's thread writes the batch before. Thread-safe; calls nothing
/// foreign, and no function but take() and take_after() waits. See README.md for the life of a batch.
class Gathering {
 public:
  // For the store. As the functions of Journal that have these names.
  Journal::BatchNumber insert(std::span<JobRow> rows, Journal::Durable done) JOBQD_EXCLUDES(mutex_);
  Journal::BatchNumber update(ProgressRow row) JOBQD_EXCLUDES(mutex_);
  void erase(std::uint64_t number) JOBQD_EXCLUDES(mutex_);
  void set_paused(std::string_view queue, bool paused) JOBQD_EXCLUDES(mutex_);
  void when_durable(Journal::Durable done) JOBQD_EXCLUDES(mutex_);

  /// Wakes the journal's thread if what was added since the last flush() is a reason to.
  void flush() JOBQD_EXCLUDES(mutex_);

  // For the journal's thread.

  /// Waits for something to gather, and takes all of it: at once where somebody waits for it, `soon` after it
  /// has come otherwise. Returns at once after stop().
  [[nodiscard]] Batch take(base::milliseconds soon) JOBQD_EXCLUDES(mutex_);

  /// What ends the wait of take_after() before its time, besides stop().
  enum class Until : std::uint8_t { nothing, removal };

  /// Takes all that gathers within `delay`, which may be nothing; with `removal`, at once where somebody
  /// waits and something is to be erased.
  [[nodiscard]] Batch take_after(base::milliseconds delay, Until until) JOBQD_EXCLUDES(mutex_);

  /// See Changes::put_back().
  void put_back(Changes refused) JOBQD_EXCLUDES(mutex_);

  /// Ends all waits, now and later. Any thread.
  void stop() JOBQD_EXCLUDES(mutex_);

  /// Whether there is nothing to write and nobody waits.
  [[nodiscard]] bool empty() const JOBQD_EXCLUDES(mutex_);

 private:
  [[nodiscard]] bool is_empty() const JOBQD_REQUIRES(mutex_) { return changes_.empty() && waiting_.empty(); }
  [[nodiscard]] bool is_urgent() const JOBQD_REQUIRES(mutex_) { return stopped_ || !waiting_.empty(); }
  /// Before a change that nobody waits for. The first one starts the clock; later ones are written with it.
  void note_change() JOBQD_REQUIRES(mutex_) { wake_ = wake_ || changes_.empty(); }
  [[nodiscard]] Batch take_all() JOBQD_REQUIRES(mutex_);

  mutable base::Mutex mutex_;
  /// Not the stoppable kind, whose notifier holds a lock of its own that the woken thread needs first.
  base::ConditionVariable work_;
  Changes changes_ JOBQD_GUARDED_BY(mutex_);
  std::vector<Journal::Durable> waiting_ JOBQD_GUARDED_BY(mutex_);
  Journal::BatchNumber number_ JOBQD_GUARDED_BY(mutex_) = 1;
  bool wake_ JOBQD_GUARDED_BY(mutex_) = false;  ///< The thread has something new to look at.
  bool stopped_ JOBQD_GUARDED_BY(mutex_) = false;
};

}  // namespace jobqd::stores::journal
