#include "stores/sqlite/schema.hpp"

#include <array>

#include <fmt/format.h>

namespace jobqd::stores::sqlite {

namespace {

/// "jobq" in ASCII, by which jobqd and file(1) recognise the file.
constexpr std::int64_t application_id = 0x6A6F6271;

/// Step n takes a file from version n to n + 1.
///
/// `jobs` has what the producer sent and never changes. `progress` has how far a job has come, and no row
/// until the job is first started or cancelled: accepting a job writes one row, and later changes never
/// rewrite a payload. Times are milliseconds since 1970, UTC. Each row of a job has a checksum over its other
/// columns. A column that was added later is part of it only if it has a value, so that older rows stay
/// sound. A job that a remote worker holds has a token, the length of its lease and the worker's name; any
/// other job has none of the three. `deferrals` has 256 more if the latest attempt that ended was simulated.
/// `queues` has a row for each queue that was ever paused.
constexpr std::array<const char*, schema_version> steps{R"sql(
  CREATE TABLE jobs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    queue TEXT NOT NULL,
    payload TEXT NOT NULL,
    priority INTEGER NOT NULL,
    max_retries INTEGER NOT NULL,
    timeout_ms INTEGER NOT NULL,
    enqueued_at INTEGER NOT NULL,
    run_at INTEGER NOT NULL,
    fingerprint INTEGER NOT NULL,
    checksum INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE progress (
    number INTEGER PRIMARY KEY,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    interruptions INTEGER NOT NULL,
    run_at INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    last_error TEXT,
    result TEXT,
    checksum INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO counters VALUES ('epoch', 0);
)sql",
                                                        R"sql(
  CREATE TABLE queues (
    name TEXT PRIMARY KEY,
    paused INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
)sql",
                                                        R"sql(
  ALTER TABLE jobs ADD COLUMN traceparent TEXT;
  ALTER TABLE progress ADD COLUMN deferrals INTEGER;
)sql",
                                                        R"sql(
  ALTER TABLE progress ADD COLUMN token INTEGER;
  ALTER TABLE progress ADD COLUMN lease_ms INTEGER;
  ALTER TABLE progress ADD COLUMN worker TEXT;
)sql"};

std::string words(const SqliteError& error) {
  return error.text;
}

}  // namespace

std::expected<std::int64_t, std::string> version_of(SqliteDatabase& database) {
  const auto tables = database.query_integer("SELECT count(*) FROM sqlite_schema");
  if (!tables) return std::unexpected(words(tables.error()));
  const auto id = database.query_integer("PRAGMA application_id");
  const auto version = database.query_integer("PRAGMA user_version");
  if (!id || !version) return std::unexpected(words(id ? version.error() : id.error()));
  if (*tables == 0 && *version == 0) return 0;
  if (*id != application_id) return std::unexpected("this is a database of another program");
  if (*version > schema_version)
    return std::unexpected(
        fmt::format("the file has schema version {}, made by a newer jobqd; this one knows versions up to {}",
                    *version, schema_version));
  return *version;
}

std::expected<void, std::string> prepare_schema(SqliteDatabase& database) {
  auto version = version_of(database);
  if (!version) return std::unexpected(version.error());
  for (; *version < schema_version; ++*version) {
    const auto sql =
        fmt::format("BEGIN IMMEDIATE; {} PRAGMA application_id = {}; PRAGMA user_version = {}; COMMIT;",
                    steps.at(static_cast<std::size_t>(*version)), application_id, *version + 1);
    if (const auto done = database.execute(sql.c_str()); !done) return std::unexpected(words(done.error()));
  }
  return {};
}

}  // namespace jobqd::stores::sqlite
