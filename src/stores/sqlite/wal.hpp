#pragma once

#include <cstdint>
#include <string>

#include "stores/sqlite/database.hpp"

namespace jobqd::stores::sqlite {

/// Looks into the write-ahead log itself, because SQLite keeps silent about what it cannot read there: to it
/// the log ends at the first page whose checksum does not fit, as it does where a crash has torn a write. A
/// flipped bit looks the same and takes every later transaction along. But a crash tears one transaction at
/// the most, since each is synced before the next one begins: where more follow, the log is damaged.
///
/// Returns what is wrong in one line; empty: it is sound, or there is none. `database` has read something,
/// and nothing has been written since the log was read. Format:
/// https://www.sqlite.org/fileformat2.html#walformat
[[nodiscard]] std::string damage_of_log(SqliteDatabase& database);

/// Makes the file of the log so many bytes long, with zeros behind what was written: a commit then
/// overwrites what the file has already, and its sync need not write the size and the blocks of the file too.
/// Where that fails the log grows as it would have. SQLite reads nothing behind the last page that fits.
void lengthen_log(SqliteDatabase& database, std::int64_t bytes);

}  // namespace jobqd::stores::sqlite
