#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include <unistd.h>

#include <jobqd/base/clock.hpp>

#include "app/logging/line_writer.hpp"
#include "app/settings/config.hpp"

namespace jobqd::app {

/// One named value of a log line. Text from clients is safe here: it is escaped, so that no request can forge
/// a line. A field without a name is left out.
struct LogField {
  template <std::integral Number>
  LogField(std::string_view field, Number number) : name(field), value(static_cast<std::int64_t>(number)) {}
  LogField(std::string_view field, std::string_view text) : name(field), value(std::string(text)) {}
  LogField(std::string_view field, const char* text) : LogField(field, std::string_view(text)) {}
  LogField(std::string_view field, const std::string& text) : LogField(field, std::string_view(text)) {}

  std::string_view name;
  std::variant<std::int64_t, std::string> value;
};

/// The line without its end. Text: `2026-11-24T08:00:00.000Z info  started port=8080`. JSON: one object.
/// Text longer than 1 KiB is cut.
[[nodiscard]] std::string format_log_line(LogFormat format, base::WallTime time, LogLevel level,
                                          std::string_view message, std::initializer_list<LogField> fields);

/// The log of the daemon, on standard error. Thread-safe.
///
/// spdlog decides which lines are logged and formats them on the calling thread. LineWriter writes them on a
/// thread of its own, so that no caller waits for standard error.
/// docs/decisions/0015-the-log-never-blocks.md says what happens when it takes no lines.
class Log {
 public:
  /// `clock` outlives the log. `descriptor` is for tests.
  Log(LogLevel least, LogFormat format, const base::Clock& clock, int descriptor = STDERR_FILENO);
  ~Log();

  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  [[nodiscard]] LogLevel least() const;
  [[nodiscard]] bool logs(LogLevel level) const;

  /// Lines that are logged from now on have at least this level.
  void set_least(LogLevel least);

  /// For what happens to single jobs: dropped first when standard error takes no lines. `message` is a
  /// string literal, never text from a client.
  void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

  /// As write(), for the life of the daemon, its configuration and its store: dropped last.
  void write_admin(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

  /// Waits until what was logged before is written, 1 s at most. The destructor does the same.
  void drain() { writer_.drain(); }

 private:
  struct Loggers;

  void push(LineRank rank, LogLevel level, std::string_view message, std::initializer_list<LogField> fields);

  const LogFormat format_;
  const base::Clock& clock_;
  LineWriter writer_;
  const std::unique_ptr<Loggers> loggers_;  ///< spdlog, in front of the writer.
};

}  // namespace jobqd::app
