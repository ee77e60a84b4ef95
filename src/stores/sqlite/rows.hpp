#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stores/journal/stored_job.hpp"
#include "stores/sqlite/database.hpp"

/// Jobs as rows of the tables: which value belongs to which column, and the checksum that reveals a flipped
/// bit.
namespace jobqd::stores::sqlite {

/// The statements that write rows. Lives no longer than its database.
class RowWriter {
 public:
  static SqliteResult<RowWriter> prepare(SqliteDatabase& database);

  SqliteResult<> insert(const journal::JobRow& row);
  SqliteResult<> put(const journal::ProgressRow& row);
  /// Removes the jobs with these two numbers and all between them, with their progress.
  SqliteResult<> erase(std::uint64_t first, std::uint64_t last);
  SqliteResult<> put_queue(std::string_view name, bool paused);

 private:
  SqliteStatement insert_job_;
  SqliteStatement put_progress_;
  SqliteStatement put_leased_;  ///< The same with a lease.
  SqliteStatement erase_jobs_;
  SqliteStatement erase_progress_;
  SqliteStatement put_queue_;
};

/// The names of the paused queues.
SqliteResult<std::vector<std::string>> read_paused_queues(SqliteDatabase& database);

/// Reads every job, in the order of their numbers. Lives no longer than its database, in which nothing
/// changes meanwhile.
///
/// It goes through both tables side by side. A join would look up each job's progress, which most jobs do not
/// have, and costs half as much again.
class JobReader {
 public:
  static SqliteResult<JobReader> prepare(SqliteDatabase& database);

  /// Reads the next job into `stored`, which is as if newly made. false: there is none.
  SqliteResult<bool> next(journal::StoredJob& stored);

 private:
  /// Whether there is progress of the job with this number; then it is the current row of `progress_`.
  SqliteResult<bool> find_progress(std::int64_t number);

  SqliteStatement jobs_;
  SqliteStatement progress_;
  bool in_progress_ = false;  ///< `progress_` has a current row.
  /// Of that row; the least number before the first, the greatest after the last.
  std::int64_t progress_number_ = std::numeric_limits<std::int64_t>::min();
};

/// Reads jobs by their numbers. Lives no longer than its database.
class JobFinder {
 public:
  /// Takes the number of a job and what its producer sent, which is empty if the row is not sound. Returns
  /// whether to go on.
  using Visit = std::function<bool(std::uint64_t, std::optional<journal::JobBytes>)>;

  static SqliteResult<JobFinder> prepare(SqliteDatabase& database);

  /// Visits the jobs that have numbers from `first` to `last`, in their order, of those that `wants`.
  SqliteResult<> find(std::uint64_t first, std::uint64_t last,
                      const std::function<bool(std::uint64_t)>& wants, const Visit& visit);

 private:
  SqliteStatement jobs_;
  journal::JobRow row_;  ///< Kept, so that its texts keep their memory.
};

/// Calls `visit` for every job, in the order of their numbers.
SqliteResult<> read_jobs(SqliteDatabase& database, const std::function<void(journal::StoredJob&&)>& visit);

}  // namespace jobqd::stores::sqlite
