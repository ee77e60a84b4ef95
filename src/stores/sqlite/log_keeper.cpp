#include "stores/sqlite/log_keeper.hpp"

#include <algorithm>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "stores/sqlite/wal.hpp"

namespace jobqd::stores::sqlite {

namespace {

/// A page in the log has a header of 24 bytes before it.
constexpr std::int64_t logged_page_size = LogKeeper::page_size + 24;

/// Changes touch some pages besides those that they fill, and each page that is touched goes into the log.
constexpr std::uint64_t touched = 32UL * 1024;

/// Not for new jobs: room for removals, for the next start, and for what was judged wrongly.
constexpr std::uint64_t kept = 128UL * 1024;

/// After how much that was written the disk is looked at again, because others use it too.
constexpr std::uint64_t looks_ahead = 64UL * 1024 * 1024;

/// The number of the file that has this name; empty: there is none.
///
/// Asks for nothing else: since Linux 6.13 a file whose times were asked for gets new ones with its next
/// write, which the sync of that write then has to put on disk too.
std::optional<std::uint64_t> inode_of(const std::string& path) {
  struct statx found{};
  if (::statx(AT_FDCWD, path.c_str(), 0, STATX_INO, &found) != 0) return std::nullopt;
  return found.stx_ino;
}

/// Bytes that the file system can still take there; empty: unknown.
std::optional<std::uint64_t> room_at(const std::string& path) {
  struct statvfs found{};
  if (::statvfs(path.c_str(), &found) != 0) return std::nullopt;
  return std::uint64_t{found.f_bavail} * found.f_frsize;
}

}  // namespace

LogKeeper::LogKeeper(SqliteDatabase& database, std::string path, int checkpoint_pages)
    : database_(database), path_(std::move(path)), log_path_(path_ + "-wal"), schedule_(checkpoint_pages) {}

LogKeeper::~LogKeeper() {
  sqlite3_wal_hook(database_.get(), nullptr, nullptr);
}

void LogKeeper::watch() {
  inode_ = inode_of(log_path_);
  sqlite3_wal_hook(
      database_.get(),
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<LogKeeper*>(self)->committed(pages);
        return SQLITE_OK;
      },
      this);
}

void LogKeeper::committed(int pages) {
  pages_ = pages;
  space_check_due_ = schedule_.space_check_due(pages) || space_check_due_;
}

bool LogKeeper::needs_tending() const {
  return space_check_due_ || schedule_.after_commit(pages_) != LogUpkeep{};
}

SqliteResult<> LogKeeper::check_place() const {
  int moved = 0;
  sqlite3_file_control(database_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  // SQLite can tell this of the database only.
  if (moved == 0 && inode_of(log_path_) == inode_) return {};
  return std::unexpected(SqliteError{
      SQLITE_IOERR, fmt::format("{} was deleted or replaced while in use", moved != 0 ? path_ : log_path_)});
}

SqliteResult<> LogKeeper::tend() {
  LogUpkeep upkeep;
  if (std::exchange(space_check_due_, false)) {
    const auto room = room_at(path_);
    upkeep = schedule_.after_space_check(pages_, room ? *room / page_size : LogSchedule::unknown_space);
  } else {
    upkeep = schedule_.after_commit(pages_);
  }
  if (upkeep.lengthen_to > 0) lengthen_log(database_, upkeep.lengthen_to * logged_page_size);
  if (upkeep.checkpoint == LogUpkeep::Checkpoint::none) return {};
  const bool truncates = upkeep.checkpoint == LogUpkeep::Checkpoint::truncate;
  const auto copied = truncates ? truncate() : checkpoint(SQLITE_CHECKPOINT_PASSIVE);
  if (!copied) return std::unexpected(copied.error());
  return {};
}

SqliteResult<bool> LogKeeper::checkpoint(int mode) {
  int pages = 0;
  int copied = 0;
  const int code = sqlite3_wal_checkpoint_v2(database_.get(), nullptr, mode, &pages, &copied);
  if (code == SQLITE_OK) return copied == pages;
  if (auto error = database_.last_error(); is_indeterminate(error)) return std::unexpected(std::move(error));
  // The log still holds everything and goes on growing; if the disk is full, the next commit finds out.
  return false;
}

SqliteResult<bool> LogKeeper::truncate() {
  room_ = {};
  if (!fits())
    if (auto compacted = compact(); !compacted) return std::unexpected(compacted.error());
  return fits() ? checkpoint(SQLITE_CHECKPOINT_TRUNCATE) : SqliteResult<bool>(false);
}

SqliteResult<> LogKeeper::compact() {
  const auto size = database_size();
  if (!size || size->used >= size->free || !has_room(2 * size->used + room_to_go_on)) return {};
  auto made = database_.execute("VACUUM");
  if (!made && is_full(made.error())) return {};
  return made;
}

std::optional<LogKeeper::DatabaseSize> LogKeeper::database_size() {
  struct stat found{};
  if (::stat(path_.c_str(), &found) != 0) return std::nullopt;
  const auto pages = database_.query_integer("PRAGMA page_count");
  const auto free_pages = database_.query_integer("PRAGMA freelist_count");
  if (!pages || !free_pages) return std::nullopt;
  const auto missing = std::max<std::int64_t>(0, *pages * page_size - found.st_size);
  return DatabaseSize{.used = static_cast<std::uint64_t>((*pages - *free_pages) * page_size),
                      .free = static_cast<std::uint64_t>(*free_pages * page_size),
                      .missing = static_cast<std::uint64_t>(missing)};
}

bool LogKeeper::fits() {
  const auto size = database_size();
  return !size || has_room(size->missing);
}

bool LogKeeper::takes(std::uint64_t bytes) {
  const auto in_log = bytes + touched;
  const auto in_all = 2 * bytes + touched;
  const auto is_enough = [&] { return room_.in_log >= in_log && room_.in_all >= in_all; };
  if (!is_enough()) room_ = look();
  if (!is_enough()) return false;
  room_.in_log -= in_log;
  room_.in_all -= in_all;
  return true;
}

LogKeeper::Room LogKeeper::look() {
  const auto room = room_at(path_);
  const auto size = room ? database_size() : std::nullopt;
  if (!size) return {.in_log = looks_ahead, .in_all = looks_ahead};
  const auto promised = size->missing + kept;
  const auto left = *room > promised ? *room - promised : 0;
  return {.in_log = std::min(left, looks_ahead), .in_all = std::min(left + size->free, looks_ahead)};
}

bool LogKeeper::has_room(std::uint64_t bytes) const {
  const auto room = room_at(path_);
  return !room || *room >= bytes;
}

}  // namespace jobqd::stores::sqlite
