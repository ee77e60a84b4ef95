#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stores/journal/batch_writer.hpp"
#include "stores/journal/payload_source.hpp"
#include "stores/journal/stored_job.hpp"
#include "stores/sqlite/database.hpp"
#include "stores/sqlite/file_lock.hpp"
#include "stores/sqlite/log_keeper.hpp"
#include "stores/sqlite/page_check.hpp"
#include "stores/sqlite/reserve.hpp"
#include "stores/sqlite/transaction.hpp"

namespace jobqd::stores::sqlite {

/// The SQLite file of a journal: WAL, synchronous=FULL, one connection. README.md has its invariants.
///
/// Not thread-safe: one thread opens it, one reads it back, one calls begin(), each after the other, and from
/// then on only its journal uses it, on one thread at a time. Only page_check() makes something that another
/// thread may use meanwhile.
class JournalFile final : public journal::BatchWriter {
 public:
  struct Options {
    std::string path;
    std::string vfs = {};          ///< Empty: the operating system's.
    bool full_sync = true;         ///< false only for the test that shows that true is needed.
    int checkpoint_pages = 4'096;  ///< A log that is longer is copied into the database: 16 MiB.
  };

  using Batch = std::vector<journal::StoredJob>;
  /// Takes a few jobs in; returns whether it wants more.
  using Visit = std::function<bool(Batch&&)>;

  /// Opens or creates the file, takes it for this process alone, and brings an older one forward. The error
  /// is one line.
  static std::expected<std::unique_ptr<JournalFile>, std::string> open(Options options);

  /// A check of all pages. begin() has to wait until it has found the file sound. The error is one line.
  [[nodiscard]] std::expected<PageCheck, std::string> page_check() const;

  /// What reads payloads while the journal writes. After begin(); closed before this. The error is one line.
  [[nodiscard]] std::expected<std::unique_ptr<journal::PayloadSource>, std::string> payloads() const;

  /// Every job in the file, by number, unless `visit` wants no more. The error is one line.
  std::expected<void, std::string> replay(const Visit& visit);

  /// The names of the queues that are paused. The error is one line.
  std::expected<std::vector<std::string>, std::string> paused_queues();

  /// Makes the file ready for write(), and counts this opening (invariant 6). Once. Nothing of a file that
  /// was made by this version is written before. The error is one line.
  std::expected<void, std::string> begin();

  /// How often the file was opened, this time included, after begin().
  [[nodiscard]] std::uint32_t epoch() const { return epoch_; }

  std::expected<void, journal::WriteFailure> write(const journal::Changes& changes, bool probe) override;
  [[nodiscard]] bool has_recovered() override;
  [[nodiscard]] bool needs_tending() const override;
  std::expected<void, journal::WriteFailure> tend() override;

  ~JournalFile() override;
  JournalFile(const JournalFile&) = delete;
  JournalFile& operator=(const JournalFile&) = delete;

 private:
  JournalFile(Options options, SqliteDatabase database, std::unique_ptr<FileLock> lock);
  std::expected<void, std::string> prepare();
  SqliteResult<> begin_epoch();
  /// Refuses what the disk would have no room for later: the log has to fit into the database at any time.
  SqliteResult<> commit_if_room(const journal::Changes& changes, bool probe);
  SqliteResult<> commit(const journal::Changes& changes, bool probe);
  /// With the reserve: the removals first, because they make room, then all of `changes`.
  SqliteResult<> commit_removals_first(const journal::Changes& changes, bool probe);
  /// Whether more jobs may be accepted while the reserve is given up: as long as they fit into pages that are
  /// free, the database does not grow when it takes the log in, and the reserve can be taken again.
  [[nodiscard]] bool lives_on_reserve();
  /// Takes a reserve that was given up again, unless the file lives on it. Fails if no more jobs may be
  /// accepted.
  SqliteResult<> tend_reserve();
  std::unexpected<journal::WriteFailure> fail(const SqliteError& error);

  const Options options_;
  /// Outlives the database (invariant 1).
  std::unique_ptr<FileLock> lock_;
  SqliteDatabase database_;
  LogKeeper log_;
  Reserve reserve_;
  bool reserve_lent_ = false;               ///< It was given up for removals.
  std::optional<Transaction> transaction_;  ///< Since begin().
  std::uint32_t epoch_ = 0;
  bool last_failure_was_full_ = false;      ///< The last write that failed did so because the disk was full.
  std::optional<SqliteError> fatal_error_;  ///< After it nothing is written (invariant 5).
};

}  // namespace jobqd::stores::sqlite
