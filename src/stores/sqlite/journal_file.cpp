#include "stores/sqlite/journal_file.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "stores/sqlite/payload_file.hpp"
#include "stores/sqlite/schema.hpp"
#include "stores/sqlite/wal.hpp"

namespace jobqd::stores::sqlite {

using journal::WriteFailure;

namespace {

/// How many jobs replay() hands over at once: enough to make the handing over cheap, few enough for a cache.
constexpr std::size_t replayed_at_once = 256;

constexpr auto open_flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

/// How many removals are one transaction on a full disk.
constexpr std::size_t removals_at_once = 1'000;

/// While the reserve is given up, jobs are accepted as long as the database has as many free pages: 2 MiB.
constexpr std::int64_t free_pages_to_go_on = 512;

/// About how many bytes a row takes. One that does not fit into a page takes whole pages.
std::uint64_t row_bytes(std::size_t content) {
  constexpr std::uint64_t other_columns = 128;
  constexpr auto page = static_cast<std::uint64_t>(LogKeeper::page_size);
  return content + other_columns + (content < page ? 0 : 2 * page);
}

/// About how many bytes a batch adds to the database.
std::uint64_t bytes_added(const journal::Changes& changes) {
  std::uint64_t bytes = 0;
  for (const auto& row : changes.inserts)
    bytes += row_bytes(row.content.id().size() + row.content.payload().size() + row.queue.size());
  for (const auto& [number, row] : changes.updates) {
    const auto result = row.ending && row.ending->result ? row.ending->result->size() : 0;
    bytes += row_bytes(result + (row.ending ? row.ending->last_error.size() : 0));
  }
  return bytes;
}

SqliteError no_room() {
  return {.code = SQLITE_FULL, .text = "the disk is full"};
}

}  // namespace

JournalFile::JournalFile(Options options, SqliteDatabase database, std::unique_ptr<FileLock> lock)
    : options_(std::move(options)),
      lock_(std::move(lock)),
      database_(std::move(database)),
      log_(database_, options_.path, options_.checkpoint_pages),
      reserve_(options_.path) {}

std::expected<std::unique_ptr<JournalFile>, std::string> JournalFile::open(Options options) {
  const auto path = options.path;
  const auto refuse = [&path](const std::string& why) { return std::unexpected(cannot_open(path, why)); };
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

JournalFile::~JournalFile() {
  // SQLite copies the log when it closes the database. A part of it would use up the room for nothing.
  if (!log_.fits()) sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (!log_.has_room(Reserve::bytes + LogKeeper::room_to_go_on)) reserve_.leave();
}

std::expected<void, std::string> JournalFile::prepare() {
  const auto pragmas = fmt::format(
      "{} PRAGMA journal_mode = WAL; PRAGMA synchronous = {}; PRAGMA wal_autocheckpoint = 0; PRAGMA "
      "journal_size_limit = {}; PRAGMA temp_store = MEMORY;",
      connection_pragmas, options_.full_sync ? "FULL" : "NORMAL",
      2 * options_.checkpoint_pages * LogKeeper::page_size);
  // Before anything else, so that a file of another program stays as it is.
  if (const auto version = version_of(database_); !version) return std::unexpected(version.error());
  if (auto set = database_.execute(pragmas.c_str()); !set) return std::unexpected(in_words(set.error()));
  if (const auto damage = damage_of_log(database_); !damage.empty())
    return std::unexpected(damage +
                           "; restore a backup, or move the log away to go on with what the database holds");
  if (const auto mode = database_.query_text("PRAGMA journal_mode"); mode && *mode != "wal")
    return std::unexpected("the file system does not allow a write-ahead log here");
  return prepare_schema(database_);
}

std::expected<PageCheck, std::string> JournalFile::page_check() const {
  return PageCheck::open(options_.path, options_.vfs);
}

std::expected<std::unique_ptr<journal::PayloadSource>, std::string> JournalFile::payloads() const {
  return PayloadFile::open(options_.path, options_.vfs);
}

std::expected<void, std::string> JournalFile::begin() {
  const auto refused = [this](const SqliteError& error) {
    return std::unexpected(cannot_open(options_.path, in_words(error)));
  };
  if (auto begun = begin_epoch(); !begun) return refused(begun.error());
  log_.watch();
  auto transaction = Transaction::prepare(database_);
  if (!transaction) return refused(transaction.error());
  transaction_ = *std::move(transaction);
  if (!options_.vfs.empty() || reserve_lent_) return {};
  if (reserve_.is_left() || log_.has_room(Reserve::bytes + LogKeeper::room_to_go_on)) reserve_.take();
  return {};
}

SqliteResult<> JournalFile::begin_epoch() {
  constexpr auto next_epoch = "UPDATE counters SET value = value + 1 WHERE name = 'epoch'";
  auto grown = database_.execute(next_epoch);
  // What an earlier run left in the log may be what fills the disk.
  if (!grown && is_full(grown.error()) && log_.truncate().value_or(false))
    grown = database_.execute(next_epoch);
  if (!grown && is_full(grown.error()) && options_.vfs.empty() && reserve_.is_left() && reserve_.take()) {
    reserve_lent_ = reserve_.give_up();
    grown = database_.execute(next_epoch);
  }
  if (!grown) return grown;
  const auto epoch = database_.query_integer("SELECT value FROM counters WHERE name = 'epoch'");
  if (!epoch) return std::unexpected(epoch.error());
  epoch_ = static_cast<std::uint32_t>(*epoch);
  return {};
}

std::expected<void, std::string> JournalFile::replay(const Visit& visit) {
  const auto refused = [this](const SqliteError& error) {
    return std::unexpected(fmt::format("cannot read {}: {}", options_.path, in_words(error)));
  };
  auto reader = JobReader::prepare(database_);
  if (!reader) return refused(reader.error());
  std::int64_t joined = 0;
  for (bool more = true; more;) {
    Batch batch;
    batch.reserve(replayed_at_once);
    while (more && batch.size() < replayed_at_once) {
      const auto read = reader->next(batch.emplace_back());
      if (!read) return refused(read.error());
      more = *read;
      if (!more) batch.pop_back();
      if (more && batch.back().progress) ++joined;
    }
    if (!batch.empty() && !visit(std::move(batch))) return {};
  }
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
  auto committed = commit_if_room(changes, probe);
  if (!committed && is_full(committed.error())) {
    // The log itself may be what fills the disk.
    const auto copied = log_.truncate();
    if (!copied)
      committed = std::unexpected(copied.error());
    else if (*copied)
      committed = commit_if_room(changes, probe);
  }
  if (!committed && is_full(committed.error()) && !changes.erasures.empty() &&
      (reserve_.give_up() || reserve_lent_))
    committed = commit_removals_first(changes, probe);
  if (!committed) return fail(committed.error());
  return {};
}

SqliteResult<> JournalFile::commit_removals_first(const journal::Changes& changes, bool probe) {
  reserve_lent_ = true;
  // SQLite may be built to overwrite what is deleted, which would write every page that becomes free.
  const auto overwrites = database_.query_integer("PRAGMA secure_delete");
  if (auto set = database_.execute("PRAGMA secure_delete = FAST"); !set) return set;
  SqliteResult<> written = {};
  std::span left(changes.erasures);
  while (written && !left.empty()) {
    const auto some = left.first(std::min(left.size(), removals_at_once));
    left = left.subspan(some.size());
    journal::Changes removals;
    removals.erasures.assign(some.begin(), some.end());
    written = commit(removals, false);
    if (const auto copied = log_.truncate(); !copied) return std::unexpected(copied.error());
  }
  if (overwrites == 1) (void)database_.execute("PRAGMA secure_delete = ON");
  if (!written) return written;
  // New jobs may use what removals have freed, but not the reserve.
  if (!changes.inserts.empty() && !lives_on_reserve()) return std::unexpected(no_room());
  return commit(changes, probe);
}

bool JournalFile::lives_on_reserve() {
  const auto free_pages = database_.query_integer("PRAGMA freelist_count");
  return free_pages && *free_pages >= free_pages_to_go_on && log_.fits();
}

SqliteResult<> JournalFile::tend_reserve() {
  if (!reserve_lent_ || (lives_on_reserve() && !log_.has_room(2 * Reserve::bytes))) return {};
  // Without its log the disk has at least the room that the reserve had, unless others have taken it.
  if (const auto copied = log_.truncate(); !copied) return std::unexpected(copied.error());
  reserve_lent_ = !reserve_.take();
  if (!reserve_lent_ && log_.has_room()) return {};
  return std::unexpected(no_room());
}

SqliteResult<> JournalFile::commit_if_room(const journal::Changes& changes, bool probe) {
  const bool grows = !changes.inserts.empty() || !changes.updates.empty();
  if (grows && !log_.takes(bytes_added(changes))) return std::unexpected(no_room());
  return commit(changes, probe);
}

SqliteResult<> JournalFile::commit(const journal::Changes& changes, bool probe) {
  if (auto there = log_.check_place(); !there) return there;
  return transaction_->run(changes, probe);
}

bool JournalFile::has_recovered() {
  if (!last_failure_was_full_) return true;
  const auto tended = tend_reserve();
  if (!tended) (void)fail(tended.error());  // If it is fatal, tend() reports it.
  if (!tended) return false;
  const auto goes_on = [this] { return log_.takes(LogKeeper::room_to_go_on); };
  return goes_on() || (log_.truncate().value_or(false) && goes_on());
}

bool JournalFile::needs_tending() const {
  return fatal_error_ || reserve_lent_ || log_.needs_tending();
}

std::expected<void, WriteFailure> JournalFile::tend() {
  if (fatal_error_) return fail(*fatal_error_);
  if (auto tended = log_.tend(); !tended) return fail(tended.error());
  if (auto tended = tend_reserve(); !tended) return fail(tended.error());
  return {};
}

std::unexpected<WriteFailure> JournalFile::fail(const SqliteError& error) {
  last_failure_was_full_ = is_full(error);
  const bool fatal = is_indeterminate(error);
  if (fatal) fatal_error_ = error;
  return std::unexpected(
      WriteFailure{.why = in_words(error),
                   .fatal = fatal,
                   .takes_removals = last_failure_was_full_ && (reserve_.held() || reserve_lent_)});
}

}  // namespace jobqd::stores::sqlite
