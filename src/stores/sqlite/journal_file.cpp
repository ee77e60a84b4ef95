#include "stores/sqlite/journal_file.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "stores/sqlite/schema.hpp"
#include "stores/sqlite/wal.hpp"

namespace jobqd::stores::sqlite {

using journal::StoredJob;
using journal::WriteFailure;

namespace {

constexpr auto open_flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

}  // namespace

JournalFile::JournalFile(Options options, SqliteDatabase database, std::unique_ptr<FileLock> lock)
    : options_(std::move(options)),
      lock_(std::move(lock)),
      database_(std::move(database)),
      log_(database_, options_.path, options_.checkpoint_pages) {}

std::expected<std::unique_ptr<JournalFile>, std::string> JournalFile::open(Options options) {
  const auto path = options.path;
  const auto refuse = [&path](const std::string& why) {
    return std::unexpected(fmt::format("cannot open {}: {}", path, why));
  };
  std::unique_ptr<FileLock> lock;
  if (options.vfs.empty()) {
    auto taken = FileLock::take(path);
    if (!taken) return refuse(taken.error());
    lock = *std::move(taken);
    sync_directory_of(path);
  }
  auto database = SqliteDatabase::open(path, open_flags, options.vfs);
  if (!database) return refuse(in_words(database.error()));
  std::unique_ptr<JournalFile> file(
      new JournalFile(std::move(options), *std::move(database), std::move(lock)));
  if (auto prepared = file->prepare(); !prepared) return refuse(prepared.error());
  return file;
}

std::expected<void, std::string> JournalFile::prepare() {
  const auto refused = [](const SqliteError& error) { return std::unexpected(in_words(error)); };
  const auto pragmas = fmt::format(
      "PRAGMA busy_timeout = 2000; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA "
      "journal_mode = WAL;"
      "PRAGMA synchronous = {}; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = {};",
      options_.full_sync ? "FULL" : "NORMAL", 2 * options_.checkpoint_pages * LogKeeper::page_size);
  // Before anything else, so that a file of another program stays as it is.
  if (const auto version = version_of(database_); !version) return std::unexpected(version.error());
  if (auto set = database_.execute(pragmas.c_str()); !set) return refused(set.error());
  if (auto sound = check(); !sound) return sound;
  if (auto begun = begin_epoch(); !begun) return refused(begun.error());
  log_.watch();
  auto transaction = Transaction::prepare(database_);
  if (!transaction) return refused(transaction.error());
  transaction_ = *std::move(transaction);
  return {};
}

std::expected<void, std::string> JournalFile::check() {
  if (const auto damage = damage_of_log(database_); !damage.empty())
    return std::unexpected(damage +
                           "; restore a backup, or move the log away to go on with what the database holds");
  if (const auto mode = database_.query_text("PRAGMA journal_mode"); mode && *mode != "wal")
    return std::unexpected("the file system does not allow a write-ahead log here");
  if (auto ready = prepare_schema(database_); !ready) return ready;
  if (const auto sound = database_.query_text("PRAGMA quick_check(1)"); !sound || *sound != "ok")
    return std::unexpected(
        fmt::format("the database is damaged: {}; restore a backup, or see what `jobqd check` says",
                    one_line(sound ? *sound : sound.error().text)));
  return {};
}

SqliteResult<> JournalFile::begin_epoch() {
  constexpr auto next_epoch = "UPDATE counters SET value = value + 1 WHERE name = 'epoch'";
  auto grown = database_.execute(next_epoch);
  // What an earlier run left in the log may be what fills the disk.
  if (!grown && is_full(grown.error()) && log_.truncate().value_or(false))
    grown = database_.execute(next_epoch);
  if (!grown) return grown;
  const auto epoch = database_.query_integer("SELECT value FROM counters WHERE name = 'epoch'");
  if (!epoch) return std::unexpected(epoch.error());
  epoch_ = static_cast<std::uint32_t>(*epoch);
  return {};
}

std::expected<void, std::string> JournalFile::replay(const std::function<void(StoredJob&&)>& visit) {
  std::int64_t joined = 0;
  const auto read = read_jobs(database_, [&](StoredJob&& stored) {
    if (stored.progress) ++joined;
    visit(std::move(stored));
  });
  if (!read) return std::unexpected(fmt::format("cannot read {}: {}", options_.path, in_words(read.error())));
  const auto rows = database_.query_integer("SELECT count(*) FROM progress");
  if (!rows || *rows != joined)
    return std::unexpected(
        fmt::format("{} is damaged: progress without a job; restore a backup, or see what `jobqd check` says",
                    options_.path));
  return {};
}

std::expected<std::vector<std::string>, std::string> JournalFile::paused_queues() {
  auto names = read_paused_queues(database_);
  if (!names)
    return std::unexpected(fmt::format("cannot read {}: {}", options_.path, in_words(names.error())));
  return *std::move(names);
}

std::expected<void, WriteFailure> JournalFile::write(const journal::Changes& changes, bool probe) {
  if (fatal_error_) return fail(*fatal_error_);
  auto committed = commit(changes, probe);
  if (!committed && is_full(committed.error())) {
    // The log itself may be what fills the disk.
    const auto copied = log_.truncate();
    if (!copied)
      committed = std::unexpected(copied.error());
    else if (*copied)
      committed = commit(changes, probe);
  }
  if (!committed) return fail(committed.error());
  return {};
}

SqliteResult<> JournalFile::commit(const journal::Changes& changes, bool probe) {
  if (auto there = log_.check_place(); !there) return there;
  return transaction_->run(changes, probe);
}

bool JournalFile::has_recovered() {
  return !last_failure_was_full_ || log_.has_room();
}

std::expected<void, WriteFailure> JournalFile::tend() {
  if (auto tended = log_.tend(); !tended) return fail(tended.error());
  return {};
}

std::unexpected<WriteFailure> JournalFile::fail(const SqliteError& error) {
  last_failure_was_full_ = is_full(error);
  const bool fatal = is_indeterminate(error);
  if (fatal) fatal_error_ = error;
  return std::unexpected(WriteFailure{.why = in_words(error), .fatal = fatal});
}

}  // namespace jobqd::stores::sqlite
