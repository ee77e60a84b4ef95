#pragma once

#include <expected>
#include <string>

#include "stores/sqlite/database.hpp"

/// The tables in the file, their version, and the migration of older files.
namespace jobqd::stores::sqlite {

inline constexpr std::int64_t schema_version = 4;

/// Creates the tables in an empty file or migrates an older file, each step in a transaction of its own.
/// The error is one line; see version_of().
[[nodiscard]] std::expected<void, std::string> prepare_schema(SqliteDatabase& database);

/// The schema version of the file; 0 if it is empty. Fails if another program or a newer jobqd has made the
/// file. Changes nothing. The error is one line.
[[nodiscard]] std::expected<std::int64_t, std::string> version_of(SqliteDatabase& database);

}  // namespace jobqd::stores::sqlite
