#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include <jobqd/app/config.hpp>
#include <jobqd/base/clock.hpp>

namespace jobqd::app {

/// One named value of a log line. Text from clients is safe here: it is escaped, so that no request can forge
/// a line.
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

/// Writes lines to standard error. Thread-safe.
class Log {
 public:
  /// `clock` outlives the log.
  Log(LogLevel least, LogFormat format, const base::Clock& clock);
  ~Log();

  [[nodiscard]] bool logs(LogLevel level) const { return level >= least_; }

  /// `message` is ours, never a client's.
  void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

 private:
  class Sink;
  const LogLevel least_;
  const LogFormat format_;
  const base::Clock& clock_;
  std::unique_ptr<Sink> sink_;
};

}  // namespace jobqd::app
