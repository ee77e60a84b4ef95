#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "stores/sqlite/database.hpp"
#include "stores/sqlite/log_schedule.hpp"

namespace jobqd::stores::sqlite {

/// Looks after the write-ahead log of an open database: its size, its checkpoints, the space on its disk, and
/// that it is still the file that SQLite opened. Not thread-safe; the database outlives it.
class LogKeeper {
 public:
  /// A page of the database: SQLite's default, in bytes.
  static constexpr int page_size = 4096;

  /// `path` is the database's.
  LogKeeper(SqliteDatabase& database, std::string path, int checkpoint_pages);
  ~LogKeeper();

  LogKeeper(const LogKeeper&) = delete;
  LogKeeper& operator=(const LogKeeper&) = delete;

  /// Follows the log from now on: its length, and which file it is. Once, after the first write, when the log
  /// stays the same file while it is open, and after SQLite's own checkpoints were turned off, which would
  /// end it.
  void watch();

  /// Fails if the database or its log was deleted or replaced: writes to such a file succeed, and are lost
  /// (invariant 3).
  [[nodiscard]] SqliteResult<> check_place() const;

  /// Whether tend() has anything to do.
  [[nodiscard]] bool needs_tending() const;

  /// Does what the log needs; after every commit, unless it needs nothing. Fails only where it is unknown
  /// what has reached the disk.
  SqliteResult<> tend();

  /// Copies the log into the database and gives its room back. If it does not fit, because others have filled
  /// the disk, but little of the database is used, the database is made as small as that first. Returns
  /// whether all of it was copied; false at once if it does not fit even so, because a part of it would use
  /// up what room there is. Fails as tend() does.
  SqliteResult<bool> truncate();

  /// Whether the disk has the room by which the database grows when it takes the log in. Where that is
  /// unknown, it has.
  [[nodiscard]] bool fits();

  /// With less room than this, a disk that was full still counts as full: a small write may fit, and the next
  /// job will not.
  static constexpr std::uint64_t room_to_go_on = 64UL * 1024;

  /// Whether the disk has room for a batch that adds about so many bytes to the database: in the log now, and
  /// in the database later, as far as that has no free pages. If it has, the room counts as used. While this
  /// holds for every batch, the log always fits. Where the room is unknown, there is enough.
  [[nodiscard]] bool takes(std::uint64_t bytes);

  /// Whether the disk has so much room, in bytes. Where that is unknown, it has.
  [[nodiscard]] bool has_room(std::uint64_t bytes = room_to_go_on) const;

 private:
  /// What may still be written, in bytes, as far as it is known.
  struct Room {
    std::uint64_t in_log = 0;
    std::uint64_t in_all = 0;  ///< In the log and in the database, its free pages included.
  };

  /// The size of the database, in bytes, with what the log holds of it.
  struct DatabaseSize {
    std::uint64_t used = 0;
    std::uint64_t free = 0;
    std::uint64_t missing = 0;  ///< By so much its file grows when it takes the log in.
  };

  void committed(int pages);
  SqliteResult<bool> checkpoint(int mode);
  /// Makes the database as small as what it uses, if that is little and there is room for it.
  SqliteResult<> compact();
  /// Empty: unknown.
  [[nodiscard]] std::optional<DatabaseSize> database_size();
  /// Looks at the disk and at the database.
  [[nodiscard]] Room look();

  SqliteDatabase& database_;
  const std::string path_;
  const std::string log_path_;
  LogSchedule schedule_;
  std::optional<std::uint64_t> inode_;  ///< Of the log. Empty: none.
  int pages_ = 0;                       ///< The log's length after the last commit.
  bool space_check_due_ = false;
  Room room_;  ///< When last looked at, less what takes() has allowed since.
};

}  // namespace jobqd::stores::sqlite
