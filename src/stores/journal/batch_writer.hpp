#pragma once

#include <expected>
#include <string>

#include "stores/journal/changes.hpp"

namespace jobqd::stores::journal {

/// Why a batch was not written.
struct WriteFailure {
  std::string why;  ///< One line, for people.
  /// It is unknown what has reached the disk, so nothing may be written or acknowledged any more. Otherwise
  /// it is certain that nothing of the batch was kept, and it may be tried again.
  bool fatal = false;
  /// There is room for removals, although there is none for anything else.
  bool takes_removals = false;
};

/// What a BatchingJournal writes to. One thread at a time calls these functions; they may block, and throw
/// nothing.
class BatchWriter {
 public:
  virtual ~BatchWriter() = default;

  /// Writes all of `changes` in one transaction and syncs it, or changes nothing. With `probe`, which is set
  /// while the journal is in trouble, something is written even if there are no changes (invariant 6). After
  /// a fatal failure every write fails (invariant 7).
  virtual std::expected<void, WriteFailure> write(const Changes& changes, bool probe) = 0;

  /// Whether the trouble is over, now that a write has succeeded again.
  [[nodiscard]] virtual bool has_recovered() = 0;

  /// Whether tend() has anything to do.
  [[nodiscard]] virtual bool needs_tending() const = 0;

  /// Upkeep after a write, when everybody who waited for it has been answered. A failure that is not fatal
  /// means that nothing more can be written at present.
  virtual std::expected<void, WriteFailure> tend() = 0;
};

}  // namespace jobqd::stores::journal
