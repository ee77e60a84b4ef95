#include "app/logging/log.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/formatter.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include <jobqd/base/json_string.hpp>
#include <jobqd/base/rfc3339.hpp>

namespace jobqd::app {

namespace {

constexpr std::size_t longest_text = 1024;

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

/// The message with its fields. spdlog gets it as one text, because its messages have no fields.
std::string payload(LogFormat format, std::string_view message, std::initializer_list<LogField> fields) {
  if (format == LogFormat::text) {
    std::string text(message);
    for (const auto& field : fields)
      if (!field.name.empty()) text += fmt::format(" {}={}", field.name, value_text(field, format));
    return text;
  }
  auto text = fmt::format(R"("message":{})", json_text(message));
  for (const auto& field : fields)
    if (!field.name.empty()) text += fmt::format(R"(,"{}":{})", field.name, value_text(field, format));
  return text;
}

// spdlog has one more level below ours; from there on the levels are the same.
constexpr spdlog::level::level_enum to_spdlog(LogLevel level) {
  return static_cast<spdlog::level::level_enum>(static_cast<int>(level) + spdlog::level::debug);
}
constexpr LogLevel from_spdlog(spdlog::level::level_enum level) {
  return static_cast<LogLevel>(level - spdlog::level::debug);
}
static_assert(to_spdlog(LogLevel::warn) == spdlog::level::warn);
static_assert(to_spdlog(LogLevel::error) == spdlog::level::err);

/// Puts time and level before the payload. It never changes, so threads may share one.
class LineFormatter final : public spdlog::formatter {
 public:
  explicit LineFormatter(LogFormat format) : format_(format) {}

  void format(const spdlog::details::log_msg& record, spdlog::memory_buf_t& line) override {
    const auto when = base::format_rfc3339(std::chrono::time_point_cast<base::milliseconds>(record.time));
    const auto name = to_string(from_spdlog(record.level));  // spdlog says "warning" where we say "warn".
    const auto end = fmt::appender(line);
    if (format_ == LogFormat::text)
      fmt::format_to(end, "{} {:<5} {}", when, name, record.payload);
    else
      fmt::format_to(end, R"({{"time":"{}","level":"{}",{}}})", when, name, record.payload);
  }

  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<LineFormatter>(format_);
  }

 private:
  const LogFormat format_;
};

/// Hands lines of one rank to the writer. It needs no mutex, because its formatter never changes and the
/// writer is thread-safe.
class WriterSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  /// `writer` outlives the sink.
  WriterSink(LineRank rank, LogFormat format, LineWriter& writer)
      : base_sink(std::make_unique<LineFormatter>(format)), rank_(rank), writer_(writer) {}

 private:
  void sink_it_(const spdlog::details::log_msg& record) override {
    spdlog::memory_buf_t line;
    formatter_->format(record, line);
    writer_.push(rank_, std::chrono::time_point_cast<base::milliseconds>(record.time), fmt::to_string(line));
  }

  void flush_() override { writer_.drain(); }

  const LineRank rank_;
  LineWriter& writer_;
};

/// A logger that is not in spdlog's registry, and so nothing of spdlog outlives the log.
spdlog::logger make_logger(LineRank rank, LogFormat format, LineWriter& writer) {
  spdlog::logger logger("jobqd", std::make_shared<WriterSink>(rank, format, writer));
  // spdlog catches what a sink throws, and by default reports it on standard error, with a write that blocks.
  // It calls this function inside of its catch, so the caller gets the exception.
  logger.set_error_handler([](const std::string&) { throw; });
  return logger;
}

}  // namespace

std::string format_log_line(LogFormat format, base::WallTime time, LogLevel level, std::string_view message,
                            std::initializer_list<LogField> fields) {
  const auto text = payload(format, message, fields);
  spdlog::memory_buf_t line;
  LineFormatter(format).format({time, {}, {}, to_spdlog(level), text}, line);
  return fmt::to_string(line);
}

/// One for each rank, so that the rank of a line is known to the sink. Both have the same level.
struct Log::Loggers {
  Loggers(LogFormat format, LineWriter& writer)
      : ordinary(make_logger(LineRank::ordinary, format, writer)),
        admin(make_logger(LineRank::admin, format, writer)) {}

  spdlog::logger ordinary;
  spdlog::logger admin;
};

Log::Log(LogLevel least, LogFormat format, const base::Clock& clock, int descriptor)
    : format_(format),
      clock_(clock),
      writer_({.descriptor = descriptor,
               .gap_line =
                   [format](base::WallTime time, std::size_t missing) {
                     return format_log_line(format, time, LogLevel::warn,
                                            "log lines were dropped: standard error did not take them",
                                            {{"lines", missing}});
                   }},
              clock),
      loggers_(std::make_unique<Loggers>(format, writer_)) {
  set_least(least);
}

Log::~Log() = default;

LogLevel Log::least() const {
  return from_spdlog(loggers_->ordinary.level());
}

bool Log::logs(LogLevel level) const {
  return loggers_->ordinary.should_log(to_spdlog(level));
}

void Log::set_least(LogLevel least) {
  loggers_->ordinary.set_level(to_spdlog(least));
  loggers_->admin.set_level(to_spdlog(least));
}

void Log::write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  push(LineRank::ordinary, level, message, fields);
}

void Log::write_admin(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  push(LineRank::admin, level, message, fields);
}

void Log::push(LineRank rank, LogLevel level, std::string_view message,
               std::initializer_list<LogField> fields) {
  if (!logs(level)) return;
  auto& logger = rank == LineRank::admin ? loggers_->admin : loggers_->ordinary;
  logger.log(clock_.now().wall, {}, to_spdlog(level), payload(format_, message, fields));
}

}  // namespace jobqd::app
