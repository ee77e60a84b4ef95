#pragma once

#include <expected>
#include <string>

#include "stores/embedded/sqlite_db.hpp"

/// The tables in the file, their version, and how an older file becomes a present one.
namespace jobqd::stores::embedded {

inline constexpr std::int64_t schema_version = 1;

/// Creates the tables in an empty file, migrates an older one forward, each step in a transaction of its own. The error
/// is one line: not our file, or made by a newer jobqd.
[[nodiscard]] std::expected<void, std::string> prepare_schema(SqliteDatabase& database);

/// Whether it is a file of ours that this version can read, and changes nothing.
[[nodiscard]] std::expected<void, std::string> check_schema(SqliteDatabase& database);

}  // namespace jobqd::stores::embedded
