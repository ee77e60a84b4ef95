#include "app/settings/queue_settings.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include <jobqd/base/duration.hpp>
#include <jobqd/base/size.hpp>
#include <jobqd/domain/limits.hpp>
#include <jobqd/domain/queue_name.hpp>

#include "app/settings/values.hpp"

namespace jobqd::app {

namespace {

using base::milliseconds;
namespace limits = domain::limits;
using Queue = QueueConfig;
using Values = std::span<const std::string>;

constexpr std::array<std::string_view, 3> jitter_names{"full", "equal", "none"};
constexpr std::array<std::string_view, 2> curve_names{"exponential", "polynomial"};
constexpr std::size_t most_delays = 100;
constexpr std::uint16_t most_retries{limits::max_retries};

bool read_delays(Values texts, std::vector<milliseconds>& out) {
  std::vector<milliseconds> delays(texts.size());
  if (texts.empty() || texts.size() > most_delays) return false;
  for (std::size_t i = 0; i < texts.size(); ++i)
    if (!read_duration(texts[i], zero, longest_backoff, delays[i])) return false;
  out = std::move(delays);
  return true;
}

std::string show_delays(const Queue& queue) {
  std::string text;
  for (const auto delay : queue.backoff.delays) text += (text.empty() ? "" : ", ") + quoted(delay);
  return text.empty() ? text : fmt::format("[{}]", text);
}

bool is_exponential(const Queue& queue) {
  return queue.backoff.delays.empty() && queue.backoff.curve == domain::Curve::exponential;
}

std::string show_policy(const Queue& queue) {
  const auto name = curve_names.at(static_cast<std::size_t>(queue.backoff.curve));
  return queue.backoff.delays.empty() ? quoted(name) : std::string{};
}

std::string show_base(const Queue& queue) {
  return is_exponential(queue) ? quoted(queue.backoff.base) : std::string{};
}

std::string show_cap(const Queue& queue) {
  return queue.backoff.delays.empty() ? quoted(queue.backoff.cap) : std::string{};
}

std::string show_factor(const Queue& queue) {
  return is_exponential(queue) ? fmt::format("{}", queue.backoff.factor) : std::string{};
}

std::string show_jitter(const Queue& queue) {
  const auto name = jitter_names.at(static_cast<std::size_t>(queue.backoff.jitter));
  return is_exponential(queue) ? quoted(name) : std::string{};
}

std::string show_bytes(const Queue& queue) {
  return queue.capacity_bytes == engine::any_bytes ? std::string{}
                                                   : quoted(base::format_size(queue.capacity_bytes));
}

std::string show_rate(const Queue& queue) {
  return queue.rate.limits() ? fmt::format("{}", queue.rate.per_second) : std::string{};
}

constexpr std::array<QueueSetting, 5> of_jobs{{
    {.name = "workers",
     .allowed = "a whole number from 1 to 1024",
     .read = [](Queue& q, Values v) { return read_number<std::size_t>(v[0], 1, 1024, q.workers); },
     .show = [](const Queue& q) { return q.is_remote() ? std::string{} : fmt::to_string(q.workers); }},
    {.name = "capacity",
     .allowed = "a whole number from 1 to 100000000",
     .read = [](Queue& q, Values v) { return read_number<std::size_t>(v[0], 1, most_jobs, q.capacity); },
     .show = [](const Queue& q) { return fmt::to_string(q.capacity); }},
    {.name = "capacity_bytes",
     .allowed = "a size from 1KiB to 1024GiB, not below MAX_BODY",
     .read = [](Queue& q,
                Values v) { return read_size(v[0], base::kib, 1024 * base::gib, q.capacity_bytes); },
     .show = show_bytes},
    {.name = "max_retries",
     .allowed = "a whole number from 0 to 1000",
     .read = [](Queue& q,
                Values v) { return read_number<std::uint16_t>(v[0], 0, most_retries, q.max_retries); },
     .show = [](const Queue& q) { return fmt::to_string(q.max_retries); }},
    {.name = "timeout",
     .allowed = "a duration from 1ms to 24h",
     .read = [](Queue& q,
                Values v) { return read_duration(v[0], one_ms, limits::timeout_longest, q.timeout); },
     .show = [](const Queue& q) { return q.timeout == zero ? std::string{} : quoted(q.timeout); }},
}};

constexpr std::array<QueueSetting, 6> of_backoff{{
    {.name = "backoff",
     .allowed =
         "a list of up to 100 durations from 0s to 30d, or a table of policy, base, cap, factor and jitter",
     .read = [](Queue& q, Values v) { return read_delays(v, q.backoff.delays); },
     .show = show_delays,
     .is_list = true},
    {.name = "backoff.policy",
     .allowed = "exponential or polynomial",
     .read = [](Queue& q, Values v) { return read_choice(v[0], curve_names, q.backoff.curve); },
     .show = show_policy},
    {.name = "backoff.base",
     .allowed = "a duration from 1ms to 30d",
     .read = [](Queue& q, Values v) { return read_duration(v[0], one_ms, longest_backoff, q.backoff.base); },
     .show = show_base},
    {.name = "backoff.cap",
     .allowed = "a duration from 1ms to 30d",
     .read = [](Queue& q, Values v) { return read_duration(v[0], one_ms, longest_backoff, q.backoff.cap); },
     .show = show_cap},
    {.name = "backoff.factor",
     .allowed = "a number from 1 to 100",
     .read = [](Queue& q, Values v) { return read_number<double>(v[0], 1, 100, q.backoff.factor); },
     .show = show_factor},
    {.name = "backoff.jitter",
     .allowed = "full, equal or none",
     .read = [](Queue& q, Values v) { return read_choice(v[0], jitter_names, q.backoff.jitter); },
     .show = show_jitter},
}};

constexpr std::array<QueueSetting, 6> of_limits{{
    {.name = "interruptions_max",
     .allowed = "a whole number from 0 to 1000000",
     .read = [](Queue& q,
                Values v) { return read_number<std::uint32_t>(v[0], 0, 1'000'000, q.interruptions_max); },
     .show = [](const Queue& q) { return fmt::to_string(q.interruptions_max); }},
    {.name = "retention",
     .allowed = "a duration from 0s to 366d",
     .read = [](Queue& q, Values v) { return read_duration(v[0], zero, 366 * day, q.retention); },
     .show = [](const Queue& q) { return quoted(q.retention); }},
    {.name = "circuit.failures",
     .allowed = "a whole number from 0 to 1000000",
     .read = [](Queue& q,
                Values v) { return read_number<std::uint32_t>(v[0], 0, 1'000'000, q.circuit.failures); },
     .show = [](const Queue& q) { return fmt::to_string(q.circuit.failures); },
     .short_form = "circuit"},
    {.name = "circuit.wait",
     .allowed = "a duration from 1ms to 24h",
     .read = [](Queue& q, Values v) { return read_duration(v[0], one_ms, day, q.circuit.wait); },
     .show = [](const Queue& q) { return q.circuit.applies() ? quoted(q.circuit.wait) : std::string{}; }},
    {.name = "rate.per_second",
     .allowed = "a number from 0.001 to 1000000",
     .read = [](Queue& q, Values v) { return read_number<double>(v[0], 0.001, 1e6, q.rate.per_second); },
     .show = show_rate,
     .short_form = "rate"},
    {.name = "rate.burst",
     .allowed = "a whole number from 1 to 1000000",
     .read = [](Queue& q, Values v) { return read_number<std::uint32_t>(v[0], 1, 1'000'000, q.rate.burst); },
     .show = [](const Queue& q) { return q.rate.limits() ? fmt::to_string(q.rate.burst) : std::string{}; }},
}};

template <std::size_t... sizes>
constexpr auto joined(const std::array<QueueSetting, sizes>&... parts) {
  std::array<QueueSetting, (sizes + ...)> all{};
  auto end = all.begin();
  ((end = std::ranges::copy(parts, end).out), ...);
  return all;
}

constexpr auto table = joined(of_jobs, of_backoff, of_limits);

}  // namespace

std::span<const QueueSetting> queue_settings() {
  return table;
}

std::expected<void, std::string> QueueKey::read(QueueConfig& queue,
                                                std::span<const std::string> values) const {
  if (key_ == nullptr) {
    if (setting_->read(queue, values)) return {};
    return std::unexpected(std::string(setting_->allowed));
  }
  auto taken = queue.values.set(*key_, values);
  if (taken) return {};
  return std::unexpected(taken.error().empty() ? key_->allowed
                                               : fmt::format("{}: {}", key_->allowed, taken.error()));
}

std::vector<std::pair<std::string_view, std::string>> effective_keys(const QueueConfig& queue) {
  std::vector<std::pair<std::string_view, std::string>> keys{{"processor", quoted(queue.kind->name)}};
  const auto add = [&keys](std::string_view name, std::string value) {
    if (!value.empty()) keys.emplace_back(name, std::move(value));
  };
  for (const auto& setting : table) add(setting.name, setting.show(queue));
  for (const auto& key : queue.kind->keys) add(key.name, queue.values.toml(key));
  return keys;
}

std::string_view queue_name_fault(std::string_view name) {
  const bool dots = name == "." || name == "..";  // URLs drop such a step of a path.
  return !dots && domain::may_begin_queue_name(name)
             ? ""
             : "a queue's name is 1 to 64 of a-z, A-Z, 0-9, _, - and .";
}

std::optional<std::string> contradiction(const QueueConfig& queue) {
  if (is_exponential(queue))
    if (auto wrong = processors::above("backoff.base", queue.backoff.base, "backoff.cap", queue.backoff.cap);
        !wrong.empty())
      return wrong;
  for (const auto& key : queue.kind->keys)
    if (key.is_required && !queue.values.has(key.name))
      return fmt::format("{}: is missing, which processor = \"{}\" needs", key.name, queue.kind->name);
  if (queue.rate.burst > 1 && !queue.rate.limits())
    return "rate.burst: is not allowed without rate.per_second";
  if (!queue.kind->check) return std::nullopt;
  auto wrong = queue.kind->check(queue.values);
  return wrong.empty() ? std::nullopt : std::optional(std::move(wrong));
}

}  // namespace jobqd::app
