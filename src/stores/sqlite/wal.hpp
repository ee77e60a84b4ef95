#pragma once

#include <cstdint>
#include <string>

#include "stores/sqlite/database.hpp"

namespace jobqd::stores::sqlite {

/// Reads the write-ahead log itself, because SQLite does not report damage in it: SQLite takes the first page
/// whose checksum does not match for the end of the log, which it is after a crash that tore a write. A
/// flipped bit looks the same and hides every later transaction. But a crash tears at most one transaction,
/// because each is synced before the next one begins: if more than one follows, the log is damaged.
///
/// Returns what is wrong, in one line; empty if the log is sound or there is none. `database` must have read
/// something before, so that the log is open. A daemon may write meanwhile: its commits are no damage.
/// The format: https://www.sqlite.org/fileformat2.html#walformat
[[nodiscard]] std::string damage_of_log(SqliteDatabase& database);

/// Makes the file of the log at least `bytes` long by writing zeros behind it, so that later commits
/// overwrite blocks that the file has already. If that fails, the log grows as it would have without it.
/// SQLite never reads the zeros: see decision 0014.
void lengthen_log(SqliteDatabase& database, std::int64_t bytes);

}  // namespace jobqd::stores::sqlite
