#include "app/settings/settings.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <jobqd/base/characters.hpp>
#include <jobqd/base/duration.hpp>
#include <jobqd/base/size.hpp>

#include "app/settings/http_settings.hpp"
#include "app/settings/values.hpp"

namespace jobqd::app {

namespace {

using base::milliseconds;

/// Reads `member` of the backoff.
bool read_backoff(std::string_view text, milliseconds& member, Config& config) {
  if (!read_duration(text, one_ms, longest_backoff, member)) return false;
  config.backoff_is_set = true;
  return true;
}

bool read_path(std::string_view text, std::optional<std::string>& out) {
  if (!text.empty()) out = text;
  return !text.empty();
}

bool read_store(std::string_view text, std::string& out) {
  constexpr std::string_view sqlite = "sqlite:";
  constexpr std::string_view uri = "file:";
  if (text != "memory") {
    if (!text.starts_with(sqlite)) return false;
    // SQLite has meanings of its own for names that begin with ':' and "file:"; the lock and the log would
    // have none.
    const auto path = text.substr(sqlite.size());
    if (path.empty() || path.starts_with(':') || path.starts_with(uri)) return false;
  }
  out = text;
  return true;
}

constexpr std::string_view automatic = "auto";

constexpr std::string_view allowed_budgets =
    "a size from 64KiB to 1024GiB, or auto: a quarter of the memory, at most 1GiB";

bool read_budget(Config& config, std::string_view text) {
  std::size_t size = 0;
  const bool sized = read_size(text, least_memory_budget, 1024 * base::gib, size);
  if (!sized && text != automatic) return false;
  config.memory_budget = sized ? std::optional(size) : std::nullopt;
  return true;
}

std::string show_budget(const Config& config) {
  return config.memory_budget ? base::format_size(*config.memory_budget) : std::string(automatic);
}

constexpr std::array<std::string_view, 4> level_names{"debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 2> format_names{"text", "json"};

using Text = std::string_view;

constexpr std::array<Setting, 18> job_settings{{
    {"WORKERS", "workers of the default queue", "a whole number from 1 to 1024",
     [](Config& c, Text t) { return read_number<std::size_t>(t, 1, 1024, c.workers); },
     [](const Config& c) { return fmt::to_string(c.workers); }},
    {"QUEUE_SIZE", "jobs that may wait in the default queue", "a whole number from 1 to 100000000",
     [](Config& c, Text t) { return read_number<std::size_t>(t, 1, most_jobs, c.queue_size); },
     [](const Config& c) { return fmt::to_string(c.queue_size); }},
    {"STORE", "where jobs are kept",
     "memory, or sqlite: and the path of a file, no URI, such as sqlite:/data/jobqd.db",
     [](Config& c, Text t) { return read_store(t, c.store); }, [](const Config& c) { return c.store; }},
    {"CONFIG", "TOML file with these settings, in lower case", "the path of a file",
     [](Config& c, Text t) { return read_path(t, c.config_file); },
     [](const Config& c) { return c.config_file.value_or("none"); }},
    {"DRAIN_DELAY", "how long after SIGTERM jobs still start, while /readyz is 503 already",
     "a duration from 0s to 60s",
     [](Config& c, Text t) { return read_duration(t, zero, minute, c.drain_delay); },
     [](const Config& c) { return base::format_duration(c.drain_delay); }},
    {"SHUTDOWN_GRACE", "how long running jobs may finish after SIGTERM and DRAIN_DELAY",
     "a duration from 0s to 1h",
     [](Config& c, Text t) { return read_duration(t, zero, hour, c.shutdown_grace); },
     [](const Config& c) { return base::format_duration(c.shutdown_grace); }},
    {"BACKOFF_BASE", "longest wait before the first retry; doubles with each retry, full jitter",
     "a duration from 1ms to 30d", [](Config& c, Text t) { return read_backoff(t, c.backoff.base, c); },
     [](const Config& c) { return base::format_duration(c.backoff.base); }},
    {"BACKOFF_CAP", "longest wait before any retry", "a duration from 1ms to 30d",
     [](Config& c, Text t) { return read_backoff(t, c.backoff.cap, c); },
     [](const Config& c) { return base::format_duration(c.backoff.cap); }},
    {"INTERRUPTIONS_MAX", "starts of a job that crashes or stops may cut short; one more, and it is failed",
     "a whole number from 0 to 1000000",
     [](Config& c, Text t) { return read_number<std::uint32_t>(t, 0, 1'000'000, c.interruptions_max); },
     [](const Config& c) { return fmt::to_string(c.interruptions_max); }},
    {"SIMULATE_MIN", "shortest simulated work", "a duration from 0ms to 1h",
     [](Config& c, Text t) { return read_duration(t, zero, hour, c.simulate.shortest); },
     [](const Config& c) { return base::format_duration(c.simulate.shortest); }},
    {"SIMULATE_MAX", "longest simulated work", "a duration from 0ms to 1h",
     [](Config& c, Text t) { return read_duration(t, zero, hour, c.simulate.longest); },
     [](const Config& c) { return base::format_duration(c.simulate.longest); }},
    {"SIMULATE_FAILURE_RATE", "share of simulated attempts that fail", "a number from 0 to 1",
     [](Config& c, Text t) { return read_number<double>(t, 0, 1, c.simulate.failure_rate); },
     [](const Config& c) { return fmt::format("{}", c.simulate.failure_rate); }},
    {"RETENTION", "how long finished jobs and their ids are kept", "a duration from 0s to 366d",
     [](Config& c, Text t) { return read_duration(t, zero, 366 * day, c.retention); },
     [](const Config& c) { return base::format_duration(c.retention); }},
    {"RETENTION_MAX", "how many finished jobs are kept", "a whole number from 0 to 100000000",
     [](Config& c, Text t) { return read_number<std::size_t>(t, 0, most_jobs, c.retention_max); },
     [](const Config& c) { return fmt::to_string(c.retention_max); }},
    {"RETENTION_BYTES", "how much of the finished jobs' payloads, results and errors is kept",
     "a size from 0B to 1024GiB",
     [](Config& c, Text t) { return read_size(t, 0, 1024 * base::gib, c.retention_bytes); },
     [](const Config& c) { return base::format_size(c.retention_bytes); }},
    {"MEMORY_BUDGET", "payloads of waiting jobs in memory; with sqlite the others stay on disk",
     allowed_budgets, read_budget, show_budget},
    {"LOG_LEVEL", "least level that is logged, to standard error", "debug, info, warn or error",
     [](Config& c, Text t) { return read_choice(base::lower(t), level_names, c.log_level); },
     [](const Config& c) { return std::string(to_string(c.log_level)); }},
    {"LOG_FORMAT", "text for people, json for programs (one object a line)", "text or json",
     [](Config& c, Text t) { return read_choice(t, format_names, c.log_format); },
     [](const Config& c) { return std::string(format_names.at(static_cast<std::size_t>(c.log_format))); }},
}};

}  // namespace

std::string_view to_string(LogLevel level) {
  return level_names.at(static_cast<std::size_t>(level));
}

std::string Setting::flag() const {
  std::string text = base::lower(name);
  std::ranges::replace(text, '_', '-');
  return "--" + text;
}

std::string Setting::file_key() const {
  return base::lower(name);
}

std::span<const Setting> settings() {
  static const auto all = [] {
    std::array<Setting, job_settings.size() + http_settings.size()> both{};
    constexpr auto first = job_settings.begin() + 2;
    auto end = std::copy(job_settings.begin(), first, both.begin());
    end = std::ranges::copy(http_settings, end).out;
    std::copy(first, job_settings.end(), end);
    return both;
  }();
  return all;
}

std::optional<std::string> contradiction(const Config& config) {
  using processors::above;
  for (auto wrong :
       {above("BACKOFF_BASE", config.backoff.base, "BACKOFF_CAP", config.backoff.cap),
        above("SIMULATE_MIN", config.simulate.shortest, "SIMULATE_MAX", config.simulate.longest)})
    if (!wrong.empty()) return wrong;
  return http_contradiction(config);
}

}  // namespace jobqd::app
