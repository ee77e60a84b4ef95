#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/base/mutex.hpp>

#include "stores/journal/changes.hpp"
#include "stores/journal/commit_policy.hpp"
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
/// foreign, and only wait() and wait_in_trouble() wait. See README.md for the life of a batch.
class Gathering {
 public:
  /// How much may gather before the journal is behind.
  struct Limits {
    /// Updates and erasures. Enough that a burst of attempts ends before it, and few enough to be written
    /// within seconds, which is how long a stop waits for them.
    std::size_t changes = 256UL * 1024;
    /// The same while somebody waits for the disk, so that the batch in which they are is a short one.
    std::size_t changes_while_waited_for = 32UL * 1024;
    /// Of results and errors, in bytes.
    std::size_t bytes = 64UL * 1024 * 1024;
  };

  Gathering() = default;
  explicit Gathering(Limits limits) : limits_(limits) {}

  // For the store. As the functions of Journal that have these names.
  Journal::BatchNumber insert(std::span<JobRow> rows, Journal::Durable done) JOBQD_EXCLUDES(mutex_);
  Journal::BatchNumber update(ProgressRow row) JOBQD_EXCLUDES(mutex_);
  void erase(std::uint64_t number) JOBQD_EXCLUDES(mutex_);
  void set_paused(std::string_view queue, bool paused) JOBQD_EXCLUDES(mutex_);
  void when_durable(Journal::Durable done) JOBQD_EXCLUDES(mutex_);

  /// Wakes the journal's thread if what was added since the last flush() is a reason to, unless the calling
  /// thread is the committer, which looks for itself.
  void flush() JOBQD_EXCLUDES(mutex_);

  [[nodiscard]] bool is_behind() const { return behind_.load(std::memory_order_acquire); }

  // For the committer.

  /// See Journal.
  void set_committer(std::thread::id committer) JOBQD_EXCLUDES(mutex_);

  /// What the committer does about what flush() has left to it; empty if that is nothing.
  [[nodiscard]] std::optional<CommitPolicy::Choice> choose(base::SteadyTime now) const JOBQD_EXCLUDES(mutex_);

  /// See CommitPolicy. Whoever has committed.
  void committed(std::size_t waiting, CommitPolicy::Duration took, base::SteadyTime now)
      JOBQD_EXCLUDES(mutex_);

  /// Leaves to the journal's thread what has been left to the committer.
  void hand_over() JOBQD_EXCLUDES(mutex_);

  /// Ends the present wait of the journal's thread, or else its next one.
  void wake() JOBQD_EXCLUDES(mutex_);

  // For the journal's thread.

  /// Waits for something to gather: returns at once where somebody waits for it, `soon` after it has come
  /// otherwise. Returns at once after stop().
  void wait(base::milliseconds soon) JOBQD_EXCLUDES(mutex_);

  /// What ends the wait of wait_in_trouble() before its time, besides stop().
  enum class Until : std::uint8_t { nothing, removal };

  /// Waits for `delay`; with `removal`, until somebody waits and something is to be erased.
  void wait_in_trouble(base::milliseconds delay, Until until) JOBQD_EXCLUDES(mutex_);

  /// Takes all that has gathered, which may be nothing.
  [[nodiscard]] Batch take() JOBQD_EXCLUDES(mutex_);

  /// What was taken is on its way: more may be started, unless as much has gathered again. Returns whether it
  /// is not behind any more.
  bool catch_up() JOBQD_EXCLUDES(mutex_);

  /// See Changes::put_back().
  void put_back(Changes refused) JOBQD_EXCLUDES(mutex_);

  /// Ends all waits, now and later. Any thread.
  void stop() JOBQD_EXCLUDES(mutex_);

  /// Whether there is nothing to write and nobody waits.
  [[nodiscard]] bool empty() const JOBQD_EXCLUDES(mutex_);

 private:
  [[nodiscard]] bool is_empty() const JOBQD_REQUIRES(mutex_) { return changes_.empty() && waiting_.empty(); }
  [[nodiscard]] bool is_urgent() const JOBQD_REQUIRES(mutex_) {
    return stopped_ || called_ || !waiting_.empty();
  }
  /// Before a change that nobody waits for. The first one starts the clock; later ones are written with it.
  void note_change() JOBQD_REQUIRES(mutex_) { wake_ = wake_ || changes_.empty(); }
  /// After a change.
  void note_backlog() JOBQD_REQUIRES(mutex_);

  const Limits limits_ = {};
  mutable base::Mutex mutex_;
  /// Not the stoppable kind, whose notifier holds a lock of its own that the woken thread needs first.
  base::ConditionVariable work_;
  Changes changes_ JOBQD_GUARDED_BY(mutex_);
  std::atomic<bool> behind_{false};  ///< Written under the lock.
  std::vector<Journal::Durable> waiting_ JOBQD_GUARDED_BY(mutex_);
  Journal::BatchNumber number_ JOBQD_GUARDED_BY(mutex_) = 1;
  bool wake_ JOBQD_GUARDED_BY(mutex_) = false;    ///< The thread has something new to look at.
  bool called_ JOBQD_GUARDED_BY(mutex_) = false;  ///< By wake().
  bool stopped_ JOBQD_GUARDED_BY(mutex_) = false;
  std::thread::id committer_ JOBQD_GUARDED_BY(mutex_);
  CommitPolicy policy_ JOBQD_GUARDED_BY(mutex_);
};

}  // namespace jobqd::stores::journal
