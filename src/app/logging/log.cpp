#include "app/logging/log.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <jobqd/base/json_string.hpp>
#include <jobqd/base/rfc3339.hpp>

namespace jobqd::app {

namespace {

constexpr std::size_t longest_text = 1024;
constexpr std::array<std::string_view, 4> level_names{"debug", "info", "warn", "error"};

/// A JSON string in ASCII: control characters, quotes and everything that a terminal might act on are
/// escaped.
std::string json_text(std::string_view text) {
  std::string cut(text.substr(0, longest_text));
  if (cut.size() < text.size()) cut += "…";
  return base::json_string(cut, base::JsonLetters::ascii);
}

std::string value_text(const LogField& field, LogFormat format) {
  if (const auto* number = std::get_if<std::int64_t>(&field.value)) return fmt::to_string(*number);
  const auto& text = std::get<std::string>(field.value);
  const auto plain = [](char c) { return c > 0x20 && c < 0x7F && c != '"' && c != '\\' && c != '='; };
  const bool bare = format == LogFormat::text && !text.empty() && text.size() <= longest_text &&
                    std::ranges::all_of(text, plain);
  return bare ? text : json_text(text);
}

}  // namespace

std::string format_log_line(LogFormat format, base::WallTime time, LogLevel level, std::string_view message,
                            std::initializer_list<LogField> fields) {
  const auto when = base::format_rfc3339(time);
  const auto name = level_names.at(static_cast<std::size_t>(level));
  if (format == LogFormat::text) {
    auto line = fmt::format("{} {:<5} {}", when, name, message);
    for (const auto& field : fields) line += fmt::format(" {}={}", field.name, value_text(field, format));
    return line;
  }
  auto line = fmt::format(R"({{"time":"{}","level":"{}","message":{})", when, name, json_text(message));
  for (const auto& field : fields) line += fmt::format(R"(,"{}":{})", field.name, value_text(field, format));
  return line + "}";
}

Log::Log(LogLevel least, LogFormat format, const base::Clock& clock, int descriptor)
    : least_(least),
      format_(format),
      clock_(clock),
      writer_({.descriptor = descriptor,
               .gap_line =
                   [format](base::WallTime time, std::size_t missing) {
                     return format_log_line(format, time, LogLevel::warn,
                                            "log lines were dropped: standard error did not take them",
                                            {{"lines", missing}});
                   }},
              clock) {}

void Log::write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  push(LineRank::ordinary, level, message, fields);
}

void Log::write_admin(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  push(LineRank::admin, level, message, fields);
}

void Log::push(LineRank rank, LogLevel level, std::string_view message,
               std::initializer_list<LogField> fields) {
  if (!logs(level)) return;
  const auto time = clock_.now().wall;
  writer_.push(rank, time, format_log_line(format_, time, level, message, fields));
}

}  // namespace jobqd::app
