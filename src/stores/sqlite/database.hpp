#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <sqlite3.h>

namespace jobqd::stores::sqlite {

/// What SQLite said: its extended result code and a line for people.
struct SqliteError {
  int code;
  std::string text;
};

/// For people, in one line.
[[nodiscard]] std::string in_words(const SqliteError& error);

/// Whether it is unknown what has reached the disk.
[[nodiscard]] bool is_indeterminate(const SqliteError& error);

[[nodiscard]] bool is_full(const SqliteError& error);

template <class T = void>
using SqliteResult = std::expected<T, SqliteError>;

/// Makes the entry of a new file as durable as the file itself.
void sync_directory_of(const std::string& path);

/// A prepared statement. Not thread-safe; lives no longer than its database.
class SqliteStatement {
 public:
  SqliteStatement() = default;
  SqliteStatement(sqlite3* database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}

  /// Parameters from 1. Text is not copied: it has to live until step() is over.
  void bind(int parameter, std::int64_t number) { sqlite3_bind_int64(statement_.get(), parameter, number); }
  void bind(int parameter, std::string_view text) {
    sqlite3_bind_text64(statement_.get(), parameter, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  void bind_null(int parameter) { sqlite3_bind_null(statement_.get(), parameter); }

  /// true: a row is there.
  SqliteResult<bool> step();

  /// Runs it to the end and makes it ready to run again.
  SqliteResult<> run();

  void reset() { sqlite3_reset(statement_.get()); }

  /// Columns from 0, of the present row. Text lives until the next step().
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

  /// `flags` as of sqlite3_open_v2(); `vfs` empty: the operating system's.
  static SqliteResult<SqliteDatabase> open(const std::string& path, int flags, const std::string& vfs = {});

  /// Runs SQL without results, one or more statements.
  SqliteResult<> execute(const char* sql);

  /// The first column of the first row.
  SqliteResult<std::int64_t> query_integer(std::string_view sql);
  SqliteResult<std::string> query_text(std::string_view sql);

  SqliteResult<SqliteStatement> prepare(std::string_view sql);

  [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }
  [[nodiscard]] sqlite3* get() const { return database_.get(); }

  /// What the last call on this connection failed with.
  [[nodiscard]] SqliteError last_error() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  explicit SqliteDatabase(sqlite3* database) : database_(database) {}
  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace jobqd::stores::sqlite
