#pragma once

#include "stores/journal/changes.hpp"
#include "stores/sqlite/database.hpp"
#include "stores/sqlite/rows.hpp"

namespace jobqd::stores::sqlite {

/// Writes a batch in one transaction, with statements that were prepared once. Not thread-safe; lives no
/// longer than its database.
class Transaction {
 public:
  static SqliteResult<Transaction> prepare(SqliteDatabase& database);

  /// Commits all of `changes`, or rolls back. With `probe` it writes a page in any case. Synced when it
  /// returns, if the database syncs its commits.
  SqliteResult<> run(const journal::Changes& changes, bool probe);

 private:
  explicit Transaction(SqliteDatabase& database) : database_(&database) {}
  SqliteResult<> write_rows(const journal::Changes& changes);

  SqliteDatabase* database_;
  RowWriter rows_;
  SqliteStatement begin_;
  SqliteStatement commit_;
  SqliteStatement rollback_;
  SqliteStatement probe_;
};

}  // namespace jobqd::stores::sqlite
