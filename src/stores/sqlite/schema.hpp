#pragma once

#include <expected>
#include <string>

#include "stores/sqlite/database.hpp"

/// The tables in the file, their version, and how an older file becomes a present one.
namespace jobqd::stores::sqlite {

inline constexpr std::int64_t schema_version = 3;

/// Creates the tables in an empty file, migrates an older one forward, each step in a transaction of its own.
/// The error is one line; see version_of().
[[nodiscard]] std::expected<void, std::string> prepare_schema(SqliteDatabase& database);

/// The schema version of a file of ours that this jobqd can read, 0 of an empty file. Changes nothing.
[[nodiscard]] std::expected<std::int64_t, std::string> version_of(SqliteDatabase& database);

}  // namespace jobqd::stores::sqlite
