#pragma once

#include <cstdint>

namespace jobqd::engine {

/// What to do about the changes of a store that are not committed yet.
enum class CommitStep : std::uint8_t {
  none,  ///< Nothing: there are none, or the store commits them on a thread of its own.
  soon,  ///< Ask again at once: more changes are on their way, and one commit will do for all of them.
  now,   ///< Call commit().
};

/// Lets the thread that makes most of the changes, an event loop, commit them as well, where that is faster
/// than to wake a thread of the store for it. That thread is the committer; there is at most one.
///
/// A committer asks next_commit() whenever it has nothing else to do, and at least every few milliseconds:
/// what it has changed is not committed otherwise. By default a store has no use for one.
class GroupCommit {
 public:
  virtual ~GroupCommit() = default;

  /// The calling thread becomes the committer, in place of the one before if there is one.
  virtual void start_committing() {}

  /// There is no committer any more. What is not committed yet is left to the store.
  virtual void stop_committing() {}

  /// The committer only. Never blocks.
  virtual CommitStep next_commit() { return CommitStep::none; }

  /// Commits what has gathered, and answers everybody who waits for it. Blocks for as long as the disk takes.
  /// Only after next_commit() has asked for it, by the thread that was the committer then. Whoever becomes
  /// the committer in the meantime need not wait for it.
  virtual void commit() {}
};

}  // namespace jobqd::engine
