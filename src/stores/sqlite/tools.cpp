#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jobqd/base/json_string.hpp>
#include <jobqd/stores/sqlite_tools.hpp>

#include "stores/sqlite/rows.hpp"
#include "stores/sqlite/schema.hpp"
#include "stores/sqlite/wal.hpp"

namespace jobqd::stores {

namespace {

namespace fs = std::filesystem;
using namespace sqlite;

/// Removes the files beside a database that reading has made. A daemon that runs on it, or another reader,
/// keeps them.
class LeavesNothing {
 public:
  explicit LeavesNothing(std::string path) : path_(std::move(path)) {
    for (const auto* suffix : {"-wal", "-shm"})
      if (std::error_code code; !fs::exists(path_ + suffix, code)) made_.push_back(path_ + suffix);
  }
  LeavesNothing(LeavesNothing&&) = default;
  LeavesNothing& operator=(LeavesNothing&&) = delete;
  LeavesNothing(const LeavesNothing&) = delete;
  LeavesNothing& operator=(const LeavesNothing&) = delete;
  ~LeavesNothing() {
    if (made_.empty()) return;
    const int descriptor = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) return;
    // The daemon's lock. A log that is not empty was written by a daemon that has come and gone since.
    struct stat log{};
    const bool unused = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0 &&
                        (::stat((path_ + "-wal").c_str(), &log) != 0 || log.st_size == 0);
    std::error_code ignored;
    if (unused)
      for (const auto& file : made_) fs::remove(file, ignored);
    ::close(descriptor);
  }

 private:
  std::string path_;
  std::vector<std::string> made_;
};

/// A file that is being read. The database is closed first, then what it has left is removed.
struct Source {
  LeavesNothing trace;
  SqliteDatabase database;
};

/// Opens the file for reading, while a daemon may be writing to it.
std::expected<Source, std::string> open_to_read(const std::string& path) {
  const auto refuse = [&path](const std::string& why) {
    return std::unexpected(fmt::format("cannot read {}: {}", path, why));
  };
  std::error_code code;
  if (!fs::is_regular_file(path, code)) return refuse(code ? code.message() : "it is not a file");
  LeavesNothing trace(path);
  auto database = SqliteDatabase::open(path, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX);
  if (!database) return refuse(database.error().text);
  if (auto set = database->execute("PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = OFF"); !set)
    return refuse(set.error().text);
  const auto version = version_of(*database);
  if (!version) return refuse(version.error());
  if (*version == 0) return refuse("it is empty: no jobqd has written it yet");
  return Source{.trace = std::move(trace), .database = *std::move(database)};
}

/// An unfinished copy. It is locked while it is written, and the destructor removes it unless it was renamed.
/// A file that a killed backup has left is overwritten; any other is left alone.
class PartialFile {
 public:
  explicit PartialFile(std::string path) : path_(std::move(path)) {}
  ~PartialFile() {
    if (descriptor_ < 0) return;
    remove();
    ::close(descriptor_);
  }

  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

  /// Creates the file and locks it. Returns what went wrong; empty if nothing did.
  std::string create() {
    // SQLite's default mode would let others read the payloads.
    const int descriptor =
        ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (descriptor < 0) return fmt::format("{}: {}", path_, std::generic_category().message(errno));
    if (!is_from_a_backup(descriptor)) {
      ::close(descriptor);
      return fmt::format("{} is there and not from a backup: its owner, mode or kind is another", path_);
    }
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0 || !is_at_path(descriptor)) {
      ::close(descriptor);
      return "another backup is writing it";
    }
    descriptor_ = descriptor;
    std::error_code ignored;
    fs::remove(path_ + "-journal", ignored);
    return ::ftruncate(descriptor, 0) == 0 ? "" : std::generic_category().message(errno);
  }

 private:
  /// Whether the file is as create() makes it: nobody else can have it open, or reach it by another name.
  [[nodiscard]] static bool is_from_a_backup(int descriptor) {
    struct stat found{};
    return ::fstat(descriptor, &found) == 0 && S_ISREG(found.st_mode) && found.st_uid == ::geteuid() &&
           found.st_nlink <= 1 && (found.st_mode & (S_IRWXG | S_IRWXO)) == 0;
  }

  /// The last holder of the lock may have renamed the file just before.
  [[nodiscard]] bool is_at_path(int descriptor) const {
    struct stat opened{};
    struct stat there{};
    return ::fstat(descriptor, &opened) == 0 && ::stat(path_.c_str(), &there) == 0 &&
           opened.st_ino == there.st_ino;
  }

  void remove() {
    std::error_code ignored;
    for (const auto* suffix : {"", "-journal"}) fs::remove(path_ + suffix, ignored);
  }

  const std::string path_;
  int descriptor_ = -1;
};

/// What SQLite says of a file that may be damaged or forged, on one line, and so that no terminal acts on it.
std::string on_one_line(std::string_view text) {
  const auto quoted = base::json_string(text, base::JsonLetters::ascii);
  return quoted.substr(1, quoted.size() - 2);
}

void check_structure(SqliteDatabase& database, CheckReport& report) {
  if (const auto damage = damage_of_log(database); !damage.empty())
    report.faults.push_back(on_one_line(damage));
  auto statement = database.prepare("PRAGMA integrity_check");
  if (!statement) {
    report.faults.push_back(on_one_line(statement.error().text));
    return;
  }
  while (true) {
    const auto row = statement->step();
    if (!row) report.faults.push_back(on_one_line(row.error().text));
    if (!row || !*row) return;
    if (statement->text(0) != "ok") report.faults.push_back(on_one_line(statement->text(0)));
  }
}

void check_rows(SqliteDatabase& database, CheckReport& report) {
  std::int64_t joined = 0;
  const auto read = read_jobs(database, [&](const journal::StoredJob& stored) {
    if (stored.progress) ++joined;
    if (!stored.sound) {
      report.faults.push_back(
          fmt::format("job number {}, id {}: the checksum does not fit", stored.job.number,
                      base::json_string(stored.job.content.id(), base::JsonLetters::ascii)));
      return;
    }
    const auto status = stored.progress ? stored.progress->progress.status : domain::Status::queued;
    ++report.counts.by_status.at(static_cast<std::size_t>(status));
  });
  if (!read) report.faults.push_back(on_one_line(read.error().text));
  const auto rows = database.query_integer("SELECT count(*) FROM progress");
  if (read && rows && *rows != joined)
    report.faults.push_back(fmt::format("{} rows of progress belong to no job", *rows - joined));
}

}  // namespace

std::expected<CheckReport, std::string> check_sqlite_file(const std::string& path) {
  auto source = open_to_read(path);
  if (!source) return std::unexpected(source.error());
  auto& database = source->database;
  // Everything in one read transaction, because a daemon may be writing.
  if (auto begun = database.execute("BEGIN"); !begun) return std::unexpected(begun.error().text);
  CheckReport report;
  report.version = database.query_integer("PRAGMA user_version").value_or(0);
  check_structure(database, report);
  check_rows(database, report);
  return report;
}

std::expected<void, std::string> backup_sqlite_file(const std::string& from, const std::string& to) {
  auto source = open_to_read(from);
  if (!source) return std::unexpected(source.error());
  if (std::error_code code; fs::exists(fs::symlink_status(to, code)))
    return std::unexpected(fmt::format("cannot write {}: it exists already", to));
  // Under another name until it is complete, so that a backup that exists is a good one.
  PartialFile partial(to + ".partial");
  const auto refuse = [&](const std::string& why) {
    return std::unexpected(fmt::format("cannot write {}: {}", to, why));
  };
  if (auto why = partial.create(); !why.empty()) return refuse(why);
  auto target =
      SqliteDatabase::open(partial.path(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX);
  if (!target) return refuse(target.error().text);
  if (auto set = target->execute("PRAGMA synchronous = FULL"); !set) return refuse(set.error().text);
  sqlite3_backup* backup = sqlite3_backup_init(target->get(), "main", source->database.get(), "main");
  if (backup == nullptr) return refuse(target->last_error().text);
  // All pages in one step, which is one read transaction: the file as it was at one moment.
  const int step = sqlite3_backup_step(backup, -1);
  const int finish = sqlite3_backup_finish(backup);
  if (step != SQLITE_DONE || finish != SQLITE_OK)
    return refuse(sqlite3_errstr(step != SQLITE_DONE ? step : finish));
  // The copy is in WAL mode like its source; without a log it is a single file.
  if (auto mode = target->query_text("PRAGMA journal_mode = DELETE"); !mode) return refuse(mode.error().text);
  *target = SqliteDatabase{};
  std::error_code code;
  fs::rename(partial.path(), to, code);
  if (code) return refuse(code.message());
  sync_directory_of(to);
  return {};
}

}  // namespace jobqd::stores
