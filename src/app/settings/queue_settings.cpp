#include "app/settings/queue_settings.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <jobqd/base/duration.hpp>
#include <jobqd/domain/limits.hpp>

#include "app/settings/values.hpp"

namespace jobqd::app {

namespace {

using base::milliseconds;
using Queue = QueueConfig;
using Text = std::string_view;
using Values = std::span<const std::string>;

constexpr std::array<std::string_view, 3> jitter_names{"full", "equal", "none"};
constexpr std::size_t most_delays = 100;
constexpr std::uint16_t most_retries{domain::limits::max_retries};

bool read_delays(Values texts, std::vector<milliseconds>& out) {
  std::vector<milliseconds> delays(texts.size());
  if (texts.empty() || texts.size() > most_delays) return false;
  for (std::size_t i = 0; i < texts.size(); ++i)
    if (!read_duration(texts[i], zero, day, delays[i])) return false;
  out = std::move(delays);
  return true;
}

std::string show_delays(const Queue& queue) {
  std::string text;
  for (const auto delay : queue.backoff.delays) text += (text.empty() ? "" : ", ") + quoted(delay);
  return text.empty() ? text : fmt::format("[{}]", text);
}

/// A key that a list of delays leaves without a say.
template <class Show>
std::string unless_listed(const Queue& queue, Show show) {
  return queue.backoff.delays.empty() ? show() : std::string{};
}

std::string show_jitter(const Queue& queue) {
  const auto name = jitter_names.at(static_cast<std::size_t>(queue.backoff.jitter));
  return unless_listed(queue, [name] { return quoted(name); });
}

constexpr std::array<QueueSetting, 16> table{{
    {"processor", "the name of a processor", [](Queue& q, Values v) { return q.processor = v[0], true; },
     [](const Queue& q) { return quoted(std::string_view(q.processor)); }},
    {"workers", "a whole number from 1 to 1024",
     [](Queue& q, Values v) { return read_number<std::size_t>(v[0], 1, 1024, q.workers); },
     [](const Queue& q) { return q.is_remote() ? std::string{} : fmt::to_string(q.workers); }},
    {"capacity", "a whole number from 1 to 100000000",
     [](Queue& q, Values v) { return read_number<std::size_t>(v[0], 1, most_jobs, q.capacity); },
     [](const Queue& q) { return fmt::to_string(q.capacity); }},
    {"max_retries", "a whole number from 0 to 1000",
     [](Queue& q, Values v) { return read_number<std::uint16_t>(v[0], 0, most_retries, q.max_retries); },
     [](const Queue& q) { return fmt::to_string(q.max_retries); }},
    {"timeout", "a duration from 1ms to 24h",
     [](Queue& q, Values v) {
       return read_duration(v[0], one_ms, domain::limits::timeout_longest, q.timeout);
     },
     [](const Queue& q) { return q.timeout == zero ? std::string{} : quoted(q.timeout); }},
    {"backoff", "a list of up to 100 durations from 0s to 24h, or a table of base, cap, factor and jitter",
     [](Queue& q, Values v) { return read_delays(v, q.backoff.delays); }, show_delays, true},
    {"backoff.base", "a duration from 1ms to 24h",
     [](Queue& q, Values v) { return read_duration(v[0], one_ms, day, q.backoff.base); },
     [](const Queue& q) { return unless_listed(q, [&] { return quoted(q.backoff.base); }); }},
    {"backoff.cap", "a duration from 1ms to 24h",
     [](Queue& q, Values v) { return read_duration(v[0], one_ms, day, q.backoff.cap); },
     [](const Queue& q) { return unless_listed(q, [&] { return quoted(q.backoff.cap); }); }},
    {"backoff.factor", "a number from 1 to 100",
     [](Queue& q, Values v) { return read_number<double>(v[0], 1, 100, q.backoff.factor); },
     [](const Queue& q) { return unless_listed(q, [&] { return fmt::format("{}", q.backoff.factor); }); }},
    {"backoff.jitter", "full, equal or none",
     [](Queue& q, Values v) { return read_choice(v[0], jitter_names, q.backoff.jitter); }, show_jitter},
    {"interruptions_max", "a whole number from 0 to 1000000",
     [](Queue& q, Values v) { return read_number<std::uint32_t>(v[0], 0, 1'000'000, q.interruptions_max); },
     [](const Queue& q) { return fmt::to_string(q.interruptions_max); }},
    {"retention", "a duration from 0s to 366d",
     [](Queue& q, Values v) { return read_duration(v[0], zero, 366 * day, q.retention); },
     [](const Queue& q) { return quoted(q.retention); }},
    {"circuit.failures", "a whole number from 0 to 1000000",
     [](Queue& q, Values v) { return read_number<std::uint32_t>(v[0], 0, 1'000'000, q.circuit.failures); },
     [](const Queue& q) { return fmt::to_string(q.circuit.failures); }},
    {"circuit.wait", "a duration from 1ms to 24h",
     [](Queue& q, Values v) { return read_duration(v[0], one_ms, day, q.circuit.wait); },
     [](const Queue& q) { return q.circuit.applies() ? quoted(q.circuit.wait) : std::string{}; }},
    {"rate.per_second", "a number from 0.001 to 1000000",
     [](Queue& q, Values v) { return read_number<double>(v[0], 0.001, 1e6, q.rate.per_second); },
     [](const Queue& q) { return q.rate.limits() ? fmt::format("{}", q.rate.per_second) : std::string{}; }},
    {"rate.burst", "a whole number from 1 to 1000000",
     [](Queue& q, Values v) { return read_number<std::uint32_t>(v[0], 1, 1'000'000, q.rate.burst); },
     [](const Queue& q) { return q.rate.limits() ? fmt::to_string(q.rate.burst) : std::string{}; }},
}};

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.';
}

}  // namespace

std::span<const QueueSetting> queue_settings() {
  static const auto all = [] {
    std::vector<QueueSetting> settings(table.begin(), table.end());
    std::ranges::move(processor_settings(), std::back_inserter(settings));
    return settings;
  }();
  return all;
}

std::string_view queue_name_fault(std::string_view name) {
  const bool dots = name == "." || name == "..";  // which no path can name
  const bool fits = !name.empty() && name.size() <= domain::limits::queue_bytes && !dots &&
                    std::ranges::all_of(name, is_name_char);
  return fits ? "" : "a queue's name is 1 to 64 of a-z, A-Z, 0-9, _, - and .";
}

std::optional<std::string> contradiction(const QueueConfig& queue) {
  if (auto wrong = above("backoff.base", queue.backoff.base, "backoff.cap", queue.backoff.cap)) return wrong;
  const auto needs = [&](Text key) {
    return fmt::format("{}: is missing, which processor = \"{}\" needs", key, queue.processor);
  };
  if (queue.processor == "exec" && queue.exec.command.empty()) return needs("command");
  if (queue.processor == "http" && queue.http.url.empty()) return needs("url");
  if (queue.rate.burst > 1 && !queue.rate.limits())
    return "rate.burst: is not allowed without rate.per_second";
  return above("simulate.min", queue.simulate.shortest, "simulate.max", queue.simulate.longest);
}

}  // namespace jobqd::app
