#include "stores/sqlite/journal.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <jobqd/base/thread_name.hpp>

#include "stores/sqlite/schema.hpp"
#include "stores/sqlite/wal.hpp"

namespace jobqd::stores::sqlite {

namespace {

using journal::JobRow;
using journal::Journal;
using journal::ProgressRow;
using journal::StoredJob;

/// How long a change that nobody waits for may lie before it is written by itself.
constexpr base::milliseconds soon{10};

/// SQLite's own default, in bytes.
constexpr int page_size = 4096;

/// With what the log writes before each.
constexpr std::int64_t logged_page_size = page_size + 24;

/// How much the log grows, at the most, from one look at the room on the disk to the next: 256 KiB.
constexpr std::uint64_t most_pages_between_looks = 64;

/// With less room than this a disk that was full still is: a small write may fit, and the next job will not.
constexpr std::uint64_t room_to_go_on = 64UL * 1024;

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

/// Numbers that follow each other, as pairs of the first and the last: jobs come and go in their order.
std::vector<std::pair<std::uint64_t, std::uint64_t>> runs_of(std::vector<std::uint64_t> numbers) {
  std::ranges::sort(numbers);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> runs;
  for (const auto number : numbers)
    if (!runs.empty() && number <= runs.back().second + 1)
      runs.back().second = number;
    else
      runs.emplace_back(number, number);
  return runs;
}

/// Which file of a file system the name stands for; empty: none.
///
/// Asks for nothing else: since Linux 6.13 a file whose times were asked for gets new ones with its next
/// write, which that write's sync then has to put on disk too.
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

SqliteJournal::SqliteJournal(Options options, engine::Observer& observer, SqliteDatabase database,
                             std::unique_ptr<FileLock> lock)
    : options_(std::move(options)),
      observer_(observer),
      lock_(std::move(lock)),
      database_(std::move(database)) {}

std::expected<std::unique_ptr<SqliteJournal>, std::string> SqliteJournal::open(Options options,
                                                                               engine::Observer& observer) {
  const auto refuse = [&options](const std::string& why) {
    return std::unexpected(fmt::format("cannot open {}: {}", options.path, why));
  };
  std::unique_ptr<FileLock> lock;
  if (options.vfs.empty()) {
    auto taken = FileLock::take(options.path);
    if (!taken) return refuse(taken.error());
    lock = *std::move(taken);
    sync_directory_of(options.path);
  }
  auto database = SqliteDatabase::open(
      options.path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, options.vfs);
  if (!database) return refuse(in_words(database.error()));
  const auto path = options.path;
  std::unique_ptr<SqliteJournal> journal(
      new SqliteJournal(std::move(options), observer, *std::move(database), std::move(lock)));
  if (auto prepared = journal->prepare(); !prepared)
    return std::unexpected(fmt::format("cannot open {}: {}", path, prepared.error()));
  return journal;
}

std::expected<void, std::string> SqliteJournal::prepare() {
  const auto refused = [](const SqliteError& error) { return std::unexpected(in_words(error)); };
  const auto pragmas = fmt::format(
      "PRAGMA busy_timeout = 2000; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA "
      "journal_mode = WAL;"
      "PRAGMA synchronous = {}; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = {};",
      options_.full_sync ? "FULL" : "NORMAL", 2 * options_.checkpoint_pages * page_size);
  // First of all, so that a file of somebody else is left as it is.
  if (const auto ours = version_of(database_); !ours) return std::unexpected(ours.error());
  if (auto set = database_.execute(pragmas.c_str()); !set) return refused(set.error());
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

  constexpr auto next_epoch = "UPDATE counters SET value = value + 1 WHERE name = 'epoch'";
  auto grown = database_.execute(next_epoch);
  if (!grown && is_full(grown.error()) && checkpoint(SQLITE_CHECKPOINT_TRUNCATE))
    grown = database_.execute(next_epoch);
  if (!grown) return refused(grown.error());
  const auto epoch = database_.query_integer("SELECT value FROM counters WHERE name = 'epoch'");
  if (!epoch) return refused(epoch.error());
  epoch_ = static_cast<std::uint32_t>(*epoch);
  log_inode_ = inode_of(log_path());  // It was written just now, and stays the same file while it is open.

  auto rows = RowWriter::prepare(database_);
  if (!rows) return refused(rows.error());
  rows_ = *std::move(rows);
  for (const auto& [statement, sql] : {std::pair{&begin_, "BEGIN IMMEDIATE"}, std::pair{&commit_, "COMMIT"},
                                       std::pair{&rollback_, "ROLLBACK"}}) {
    auto prepared = database_.prepare(sql);
    if (!prepared) return refused(prepared.error());
    *statement = *std::move(prepared);
  }
  sqlite3_wal_hook(
      database_.get(),
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<SqliteJournal*>(self)->wal_pages_ = pages;
        return SQLITE_OK;
      },
      this);
  return {};
}

SqliteJournal::~SqliteJournal() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

std::expected<void, std::string> SqliteJournal::replay(const std::function<void(StoredJob&&)>& visit) {
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

std::expected<std::vector<std::string>, std::string> SqliteJournal::paused_queues() {
  auto names = read_paused_queues(database_);
  if (!names)
    return std::unexpected(fmt::format("cannot read {}: {}", options_.path, in_words(names.error())));
  return *std::move(names);
}

void SqliteJournal::start() {
  if (!thread_.joinable()) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Journal::Batch SqliteJournal::insert(std::span<JobRow> rows, Durable done) {
  const std::scoped_lock lock(mutex_);
  wake_ = true;
  gathering_.inserts.insert(gathering_.inserts.end(), std::make_move_iterator(rows.begin()),
                            std::make_move_iterator(rows.end()));
  gathering_.waiting.push_back(std::move(done));
  return gathering_number_;
}

Journal::Batch SqliteJournal::update(ProgressRow row) {
  const std::scoped_lock lock(mutex_);
  wake_ = wake_ || !gathering_.has_changes();
  const auto number = row.number;
  gathering_.updates.insert_or_assign(number, std::move(row));
  return gathering_number_;
}

void SqliteJournal::erase(std::uint64_t number) {
  const std::scoped_lock lock(mutex_);
  wake_ = wake_ || !gathering_.has_changes();
  gathering_.erasures.push_back(number);
}

void SqliteJournal::set_paused(std::string_view queue, bool paused) {
  const std::scoped_lock lock(mutex_);
  wake_ = wake_ || !gathering_.has_changes();
  gathering_.pauses.insert_or_assign(std::string(queue), paused);
}

void SqliteJournal::when_durable(Durable done) {
  const std::scoped_lock lock(mutex_);
  wake_ = true;
  gathering_.waiting.push_back(std::move(done));
}

void SqliteJournal::flush() {
  {
    // The first change starts the clock; later ones ride along unless somebody waits.
    const std::scoped_lock lock(mutex_);
    if (!std::exchange(wake_, false)) return;
  }
  work_.notify_one();
}

std::string SqliteJournal::trouble() const {
  if (!in_trouble_.load(std::memory_order_acquire)) return {};
  const std::scoped_lock lock(mutex_);
  return trouble_;
}

void SqliteJournal::run(const std::stop_token& stop) {
  base::name_this_thread("journal");
  const std::stop_callback stopped(stop, [this] { wake(); });
  std::unique_lock lock(mutex_);
  while (true) {
    wait_for_work(lock, stop);
    const bool last = stop.stop_requested();
    auto batch = std::exchange(gathering_, {});
    const auto number = gathering_number_++;
    lock.unlock();
    if (batch.has_changes() || !batch.waiting.empty() || in_trouble_) write(std::move(batch), number);
    lock.lock();
    if (last && (in_trouble_ || (!gathering_.has_changes() && gathering_.waiting.empty()))) return;
  }
}

void SqliteJournal::wait_for_work(std::unique_lock<std::mutex>& lock, const std::stop_token& stop) {
  const auto stopping = [&stop] { return stop.stop_requested(); };
  const auto awaited = [&] { return stopping() || !gathering_.waiting.empty(); };
  if (in_trouble_) {
    work_.wait_for(lock, options_.try_again, stopping);
    return;
  }
  work_.wait(lock, [&] { return awaited() || gathering_.has_changes(); });
  if (!awaited()) work_.wait_for(lock, soon, awaited);
}

/// For a stop: whoever waits has either seen it or waits already.
void SqliteJournal::wake() {
  {
    const std::scoped_lock lock(mutex_);
  }
  work_.notify_one();
}

void SqliteJournal::write(Gathering batch, Batch number) {
  auto committed = commit(batch);
  // The log itself may be what fills the disk.
  if (!committed && is_full(committed.error()) && checkpoint(SQLITE_CHECKPOINT_TRUNCATE))
    committed = commit(batch);
  if (!committed) return failed(std::move(batch), committed.error());
  durable_.store(number, std::memory_order_release);
  if (!in_trouble_ || !filled_ || has_room()) set_trouble({});
  for (auto& done : batch.waiting) done({});
  tend_log();
}

/// Copying the log may make the database grow by as much as the log holds: it is done while there is room for
/// it, and the log gives its own back, so that the log alone never fills a disk. Called after every commit,
/// it looks when the log may have used up half of what was to spare, and often enough for a disk that others
/// fill; where there is plenty, the log's file is kept long enough until the look after the next.
void SqliteJournal::tend_log() {
  const bool begun_anew = wal_pages_ < std::exchange(seen_pages_, wal_pages_);
  if (begun_anew || wal_pages_ >= look_at_pages_) {
    const auto bytes = room_at(options_.path);
    const auto room = bytes ? *bytes / page_size : std::numeric_limits<std::uint64_t>::max();
    const auto pages = static_cast<std::uint64_t>(wal_pages_);
    if (room < pages) {
      (void)checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
      return;
    }
    const auto ahead = static_cast<int>(std::min((room - pages) / 2, most_pages_between_looks));
    look_at_pages_ = wal_pages_ + ahead;
    if (ahead == most_pages_between_looks)
      lengthen_log(database_, (look_at_pages_ + ahead) * logged_page_size);
  }
  if (wal_pages_ >= options_.checkpoint_pages) (void)checkpoint(SQLITE_CHECKPOINT_PASSIVE);
}

bool SqliteJournal::has_room() const {
  const auto room = room_at(options_.path);
  return !room || *room >= room_to_go_on;
}

SqliteResult<> SqliteJournal::commit(const Gathering& batch) {
  if (lost_) return std::unexpected(*lost_);
  // In trouble an empty transaction proves nothing: write something.
  if (!batch.has_changes() && !in_trouble_) return {};
  auto result = check_place();
  if (result) result = begin_.run();
  if (result) result = write_rows(batch);
  if (result) result = commit_.run();
  if (!result && database_.in_transaction()) (void)rollback_.run();
  return result;
}

SqliteResult<> SqliteJournal::write_rows(const Gathering& batch) {
  for (const auto& row : batch.inserts)
    if (auto written = rows_.insert(row); !written) return written;
  // By number, so that new rows are appended to the table, page after page.
  std::vector<const ProgressRow*> updates;
  updates.reserve(batch.updates.size());
  for (const auto& [number, row] : batch.updates) updates.push_back(&row);
  std::ranges::sort(updates, {}, &ProgressRow::number);
  for (const auto* row : updates)
    if (auto written = rows_.put(*row); !written) return written;
  for (const auto& [first, last] : runs_of(batch.erasures))
    if (auto written = rows_.erase(first, last); !written) return written;
  for (const auto& [queue, paused] : batch.pauses)
    if (auto written = rows_.put_queue(queue, paused); !written) return written;
  if (!in_trouble_) return {};
  return database_.execute("UPDATE counters SET value = value WHERE name = 'epoch'");
}

/// A file that was deleted or replaced takes writes happily, and they are gone with it.
SqliteResult<> SqliteJournal::check_place() {
  int moved = 0;
  sqlite3_file_control(database_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  // SQLite knows it of the database only.
  if (moved == 0 && inode_of(log_path()) == log_inode_) return {};
  return std::unexpected(SqliteError{SQLITE_IOERR, fmt::format("{} was deleted or replaced while in use",
                                                               moved != 0 ? options_.path : log_path())});
}

/// Copies the log into the database, so that it begins anew with the next write; SQLITE_CHECKPOINT_TRUNCATE
/// also gives its room back. false: not all of it could be copied.
bool SqliteJournal::checkpoint(int mode) {
  int pages = 0;
  int copied = 0;
  const int code = sqlite3_wal_checkpoint_v2(database_.get(), nullptr, mode, &pages, &copied);
  if (code == SQLITE_OK) return copied == pages;
  // The log still holds everything and goes on growing: where the disk is full, the next commit finds out.
  if (const auto error = database_.last_error(); is_indeterminate(error)) lose(error);
  return false;
}

void SqliteJournal::lose(const SqliteError& error) {
  lost_ = error;
  observer_.store_lost(in_words(error));
  set_trouble(in_words(error));
}

void SqliteJournal::failed(Gathering batch, const SqliteError& error) {
  const auto why = in_words(error);
  filled_ = is_full(error);
  if (is_indeterminate(error) && !lost_) lose(error);
  {
    const std::scoped_lock lock(mutex_);
    // Newer changes that came in meanwhile win; erasures come last in any batch.
    for (auto& [number, row] : batch.updates) gathering_.updates.try_emplace(number, std::move(row));
    gathering_.pauses.merge(batch.pauses);
    gathering_.erasures.insert(gathering_.erasures.begin(), batch.erasures.begin(), batch.erasures.end());
  }
  set_trouble(why);
  for (auto& done : batch.waiting)
    done(std::unexpected(domain::Error{.code = domain::ErrorCode::store_unavailable, .detail = why}));
}

void SqliteJournal::set_trouble(const std::string& why) {
  {
    const std::scoped_lock lock(mutex_);
    if (why == trouble_) return;
    trouble_ = why;
    in_trouble_.store(!why.empty(), std::memory_order_release);
  }
  observer_.store_changed(why);
}

}  // namespace jobqd::stores::sqlite
