#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include "modes.hpp"
#include "tally.hpp"

namespace bench {

namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// A file that is removed again.
class File {
 public:
  explicit File(std::string path)
      : path_(std::move(path)),
        descriptor_(::open(path_.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600)) {
    if (descriptor_ < 0) fail(path_.c_str());
  }
  ~File() {
    ::close(descriptor_);
    ::unlink(path_.c_str());
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  void write(std::string_view text, std::size_t at) const {
    if (::pwrite(descriptor_, text.data(), text.size(), static_cast<off_t>(at)) < 0) fail("pwrite");
  }
  void sync() const {
    if (::fdatasync(descriptor_) != 0) fail("fdatasync");
  }

 private:
  std::string path_;
  int descriptor_;
};

/// If `wrap` is not 0, the file has that size from the start, and is overwritten again and again.
Tally sync_again_and_again(const std::string& path, double seconds, std::size_t wrap) {
  File file(path);
  const std::string page(4096, 'x');
  for (std::size_t at = 0; at < wrap; at += page.size()) file.write(page, at);
  file.sync();

  Tally tally;
  tally.start();
  const auto end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  std::size_t at = 0;
  for (auto since = Clock::now(); since < end;) {
    file.write(page, at);
    file.sync();
    const auto now = Clock::now();
    tally.add_latency(since, now);
    tally.add_jobs(1);
    since = now;
    at += page.size();
    if (wrap > 0) at %= wrap;
  }
  tally.stop();
  return tally;
}

class Database {
 public:
  explicit Database(const std::string& path) {
    std::filesystem::remove(path);
    std::filesystem::remove(path + "-wal");
    std::filesystem::remove(path + "-shm");
    check(sqlite3_open(path.c_str(), &database_));
    execute(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "CREATE TABLE jobs (number INTEGER PRIMARY KEY, id TEXT, queue TEXT, payload TEXT, priority INTEGER,"
        " retries INTEGER, enqueued_at INTEGER, run_at INTEGER) STRICT");
    check(sqlite3_prepare_v2(database_, "INSERT INTO jobs VALUES (?, ?, 'default', ?, 0, 3, ?, ?)", -1,
                             &insert_, nullptr));
  }
  ~Database() {
    sqlite3_finalize(insert_);
    sqlite3_close(database_);
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void execute(const char* sql) { check(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr)); }

  void insert(sqlite3_int64 number, const std::string& id, const std::string& payload) {
    sqlite3_bind_int64(insert_, 1, number);
    sqlite3_bind_text(insert_, 2, id.data(), static_cast<int>(id.size()), SQLITE_STATIC);
    sqlite3_bind_text(insert_, 3, payload.data(), static_cast<int>(payload.size()), SQLITE_STATIC);
    sqlite3_bind_int64(insert_, 4, 1'700'000'000'000 + number);
    sqlite3_bind_int64(insert_, 5, 1'700'000'000'000 + number);
    if (sqlite3_step(insert_) != SQLITE_DONE) check(SQLITE_ERROR);
    sqlite3_reset(insert_);
  }

 private:
  void check(int code) {
    if (code != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(database_));
  }

  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

}  // namespace

std::string fdatasync_limit(const std::string& folder, double seconds) {
  const auto over = sync_again_and_again(folder + "/limit", seconds / 2, 4UL << 20);
  const auto append = sync_again_and_again(folder + "/limit", seconds / 2, 0);
  auto line = over.json();
  line.pop_back();
  return line + fmt::format(R"(,"append_rate":{:.1f}}})", append.rate());
}

std::string sqlite_limit(const std::string& folder, double seconds, std::size_t batch) {
  Database database(folder + "/limit.db");
  const std::string id(36, 'i');
  const std::string payload(100, 'x');
  Tally tally;
  tally.start();
  const auto end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  sqlite3_int64 number = 0;
  for (auto since = Clock::now(); since < end;) {
    database.execute("BEGIN IMMEDIATE");
    for (std::size_t i = 0; i < batch; ++i) database.insert(++number, id, payload);
    database.execute("COMMIT");
    const auto now = Clock::now();
    tally.add_latency(since, now);
    tally.add_jobs(batch);
    since = now;
  }
  tally.stop();
  return tally.json();
}

}  // namespace bench
