#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <sqlite3.h>

namespace jobqd::stores::sqlite {

/// An error of SQLite: its extended result code and its message.
struct SqliteError {
  int code;
  std::string text;
};

/// Describes the error to people, in one line.
[[nodiscard]] std::string in_words(const SqliteError& error);

/// What is said of a file that cannot be opened, in one line if `why` is.
[[nodiscard]] std::string cannot_open(const std::string& path, const std::string& why);

/// For every connection of the daemon to a file: waits for others, and trusts nothing that the file says.
inline constexpr auto connection_pragmas =
    "PRAGMA busy_timeout = 2000; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;";

/// Whether the outcome of the write is unknown: a sync failed, or the database is corrupt.
[[nodiscard]] bool is_indeterminate(const SqliteError& error);

/// Whether the disk is full.
[[nodiscard]] bool is_full(const SqliteError& error);

template <class T = void>
using SqliteResult = std::expected<T, SqliteError>;

/// Syncs the directory of a file, so that the name of a new file survives a power cut. Ignores errors.
void sync_directory_of(const std::string& path);

/// A prepared statement. Not thread-safe; lives no longer than its database.
class SqliteStatement {
 public:
  SqliteStatement() = default;
  SqliteStatement(sqlite3* database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}

  /// Parameters count from 1. Text is not copied: it has to live until step() returns.
  void bind(int parameter, std::int64_t number) { sqlite3_bind_int64(statement_.get(), parameter, number); }
  void bind(int parameter, std::string_view text) {
    sqlite3_bind_text64(statement_.get(), parameter, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  void bind_null(int parameter) { sqlite3_bind_null(statement_.get(), parameter); }

  /// Returns whether there is a row.
  SqliteResult<bool> step();

  /// Runs the statement to its end and resets it, so that it can run again.
  SqliteResult<> run();

  void reset() { sqlite3_reset(statement_.get()); }

  /// Columns of the current row, counted from 0. Text lives until the next step().
  [[nodiscard]] std::int64_t integer(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
  }
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] bool is_null(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
  }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  sqlite3* database_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// One connection. Not thread-safe.
class SqliteDatabase {
 public:
  SqliteDatabase() = default;  ///< No connection.

  /// `path` is the name of a file, never a URI. `flags` are those of sqlite3_open_v2(). An empty `vfs` is the
  /// one of the operating system.
  static SqliteResult<SqliteDatabase> open(const std::string& path, int flags, const std::string& vfs = {});

  /// Runs one or more statements without results.
  SqliteResult<> execute(const char* sql);

  /// The first column of the first row; 0 or empty if there is no row.
  SqliteResult<std::int64_t> query_integer(std::string_view sql);
  SqliteResult<std::string> query_text(std::string_view sql);

  SqliteResult<SqliteStatement> prepare(std::string_view sql);

  [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }
  [[nodiscard]] sqlite3* get() const { return database_.get(); }

  /// The error of the last call on this connection that failed.
  [[nodiscard]] SqliteError last_error() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  explicit SqliteDatabase(sqlite3* database) : database_(database) {}
  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace jobqd::stores::sqlite
