#include "stores/sqlite/database.hpp"

#include <algorithm>
#include <array>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace jobqd::stores::sqlite {

namespace {

SqliteError error_of(sqlite3* database) {
  return {.code = sqlite3_extended_errcode(database), .text = sqlite3_errmsg(database)};
}

}  // namespace

std::string in_words(const SqliteError& error) {
  switch (error.code & 0xFF) {
    case SQLITE_FULL:
      return "the disk is full";
    case SQLITE_BUSY:
      return "another process holds the database";
    case SQLITE_READONLY:
      return fmt::format("the database is read-only ({})", error.text);
    default:
      return error.text;
  }
}

std::string cannot_open(const std::string& path, const std::string& why) {
  return fmt::format("cannot open {}: {}", path, why);
}

bool is_indeterminate(const SqliteError& error) {
  constexpr std::array codes{SQLITE_IOERR_FSYNC, SQLITE_IOERR_DIR_FSYNC, SQLITE_CORRUPT, SQLITE_NOTADB};
  return std::ranges::find(codes, error.code) != codes.end() || (error.code & 0xFF) == SQLITE_CORRUPT;
}

bool is_full(const SqliteError& error) {
  return (error.code & 0xFF) == SQLITE_FULL;
}

void sync_directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  const auto directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

SqliteResult<bool> SqliteStatement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return std::unexpected(error_of(database_));
}

SqliteResult<> SqliteStatement::run() {
  const auto stepped = step();
  reset();
  if (!stepped) return std::unexpected(stepped.error());
  return {};
}

std::string_view SqliteStatement::text(int column) const {
  const auto* bytes = sqlite3_column_blob(statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return bytes == nullptr ? std::string_view{} : std::string_view(static_cast<const char*>(bytes), size);
}

SqliteResult<SqliteDatabase> SqliteDatabase::open(const std::string& path, int flags,
                                                  const std::string& vfs) {
  // SQLite takes `file:…` for a URI and `:memory:` for no file, where the lock and the log take both for
  // names.
  const auto name = path.starts_with('/') ? path : "./" + path;
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &raw, flags, vfs.empty() ? nullptr : vfs.c_str());
  SqliteDatabase database(raw);
  if (code != SQLITE_OK)
    return std::unexpected(raw == nullptr ? SqliteError{code, "out of memory"} : error_of(raw));
  sqlite3_extended_result_codes(raw, 1);
  return database;
}

SqliteResult<> SqliteDatabase::execute(const char* sql) {
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    return std::unexpected(last_error());
  return {};
}

SqliteResult<SqliteStatement> SqliteDatabase::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                         &statement, nullptr) != SQLITE_OK)
    return std::unexpected(last_error());
  return SqliteStatement(database_.get(), statement);
}

SqliteResult<std::string> SqliteDatabase::query_text(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::unexpected(statement.error());
  const auto row = statement->step();
  if (!row) return std::unexpected(row.error());
  return *row ? std::string(statement->text(0)) : std::string{};
}

SqliteResult<std::int64_t> SqliteDatabase::query_integer(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::unexpected(statement.error());
  const auto row = statement->step();
  if (!row) return std::unexpected(row.error());
  return *row ? statement->integer(0) : 0;
}

SqliteError SqliteDatabase::last_error() const {
  return error_of(database_.get());
}

}  // namespace jobqd::stores::sqlite
