#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include <jobqd/engine/observer.hpp>

#include "stores/journal/journal.hpp"
#include "stores/sqlite/database.hpp"
#include "stores/sqlite/file_lock.hpp"
#include "stores/sqlite/rows.hpp"

namespace jobqd::stores::sqlite {

/// Keeps jobs in one SQLite file: WAL, synchronous=FULL, one connection in one thread.
///
/// Group commit: the thread takes all that has gathered while it wrote the last batch, writes it in one
/// transaction with one sync, and then answers all who wait for it. Changes nobody waits for (starts, ends)
/// ride along, or go by themselves a moment later. Several changes of one job in a batch are one write.
///
/// A write that fails before it is synced is rolled back: inserts are refused, other changes kept for later,
/// trouble() says why until the disk takes them. After a failed sync nobody knows what is on disk:
/// Observer::store_lost() is told, which ends the process, and nothing is written or acknowledged any more.
class SqliteJournal final : public journal::Journal {
 public:
  struct Options {
    std::string path;
    std::string vfs = {};          ///< Empty: the operating system's.
    bool full_sync = true;         ///< false only for the test that shows that true is needed.
    int checkpoint_pages = 4'096;  ///< A write-ahead log beyond this is copied into the database: 16 MiB.
    base::milliseconds try_again{500};  ///< How long after a failed write the next one is tried.
  };

  /// Opens or creates the file and takes it for this process alone. The error is one line.
  static std::expected<std::unique_ptr<SqliteJournal>, std::string> open(Options options,
                                                                         engine::Observer& observer);
  ~SqliteJournal() override;

  SqliteJournal(const SqliteJournal&) = delete;
  SqliteJournal& operator=(const SqliteJournal&) = delete;

  /// Grows with every opening of the file, so that fencing tokens never repeat.
  [[nodiscard]] std::uint32_t epoch() const { return epoch_; }

  /// Every job in the file by number. Before start().
  std::expected<void, std::string> replay(const std::function<void(journal::StoredJob&&)>& visit);

  /// The queues that are paused. Before start().
  std::expected<std::vector<std::string>, std::string> paused_queues();

  /// Starts the thread, once.
  void start();

  Batch insert(std::span<journal::JobRow> rows, Durable done) override;
  Batch update(journal::ProgressRow row) override;
  void erase(std::uint64_t number) override;
  void set_paused(std::string_view queue, bool paused) override;
  void when_durable(Durable done) override;
  void flush() override;
  [[nodiscard]] Batch durable() const override { return durable_.load(std::memory_order_acquire); }
  [[nodiscard]] std::string trouble() const override;

 private:
  /// What goes into one transaction, and who waits for it.
  struct Gathering {
    std::vector<journal::JobRow> inserts;
    std::unordered_map<std::uint64_t, journal::ProgressRow> updates;
    std::vector<std::uint64_t> erasures;
    std::map<std::string, bool, std::less<>> pauses;
    std::vector<Durable> waiting;
    [[nodiscard]] bool has_changes() const {
      return !inserts.empty() || !updates.empty() || !erasures.empty() || !pauses.empty();
    }
  };

  SqliteJournal(Options options, engine::Observer& observer, SqliteDatabase database,
                std::unique_ptr<FileLock> lock);
  std::expected<void, std::string> prepare();

  void run(const std::stop_token& stop);
  void wait_for_work(std::unique_lock<std::mutex>& lock, const std::stop_token& stop);
  void wake();
  void write(Gathering batch, Batch number);
  SqliteResult<> commit(const Gathering& batch);
  SqliteResult<> write_rows(const Gathering& batch);
  SqliteResult<> check_place();
  [[nodiscard]] std::string log_path() const { return options_.path + "-wal"; }
  void tend_log();
  [[nodiscard]] bool has_room() const;
  bool checkpoint(int mode);
  void failed(Gathering batch, const SqliteError& error);
  void lose(const SqliteError& error);
  void set_trouble(const std::string& why);

  const Options options_;
  engine::Observer& observer_;
  std::unique_ptr<FileLock>
      lock_;  // Outlives the database: closing any descriptor of a file drops SQLite's locks on it.
  SqliteDatabase database_;
  RowWriter rows_;
  SqliteStatement begin_;
  SqliteStatement commit_;
  SqliteStatement rollback_;
  std::uint32_t epoch_ = 0;
  std::optional<std::uint64_t> log_inode_;
  int wal_pages_ = 0;
  int seen_pages_ = 0;               ///< wal_pages_ at the last tend_log().
  int look_at_pages_ = 0;            ///< It looks at the disk again when wal_pages_ is as much.
  bool filled_ = false;              ///< The last write that failed did so for want of room.
  std::optional<SqliteError> lost_;  ///< After it nothing is written.

  mutable std::mutex mutex_;
  /// Not the _any kind: its notifier holds a lock of its own that the woken thread needs first.
  std::condition_variable work_;
  Gathering gathering_;
  bool wake_ = false;  ///< The thread has something new to look at.
  Batch gathering_number_ = 1;
  std::string trouble_;
  std::atomic<bool> in_trouble_{false};
  std::atomic<Batch> durable_{0};
  std::jthread thread_;
};

}  // namespace jobqd::stores::sqlite
