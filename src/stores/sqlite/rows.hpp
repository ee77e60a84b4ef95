#pragma once

#include <cstdint>
#include <functional>
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

/// Calls `visit` for every job, in the order of their numbers.
SqliteResult<> read_jobs(SqliteDatabase& database, const std::function<void(journal::StoredJob&&)>& visit);

}  // namespace jobqd::stores::sqlite
