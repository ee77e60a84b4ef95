#include "app/settings/make_queues.hpp"

#include <algorithm>
#include <array>
#include <expected>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <jobqd/base/check.hpp>
#include <jobqd/base/size.hpp>

#include "app/settings/values.hpp"

namespace jobqd::app {

namespace {

using Kinds = std::span<const processors::ProcessorKind>;

constexpr std::string_view default_queue = "default";

/// The text without what stands before the @ of a URL, which is no business of a message's readers.
std::string without_password(std::string text) {
  const auto begin = text.find("://");
  const auto at = text.find('@');
  if (begin != std::string::npos && at != std::string::npos && begin < at)
    text.replace(begin + 3, at - begin - 3, "…");
  return text;
}

/// What the file has for a key of a queue; null: nothing.
const ConfigFile::Value* given_for(const ConfigFile::Queue& given, std::string_view key) {
  const auto found =
      std::ranges::find(given.values, key, [](const auto& entry) { return entry.first.name(); });
  return found == given.values.end() ? nullptr : &found->second;
}

/// Takes the keys that the file has for a queue.
void take_keys(QueueConfig& queue, const ConfigFile::Queue& given, Faults& faults) {
  for (const auto& [key, value] : given.values) {
    auto taken = std::expected<void, std::string>();
    if (const auto elsewhere = set_elsewhere(given.name, key.name()); !elsewhere.empty())
      taken = std::unexpected(fmt::format("set {} for the default queue", elsewhere));
    else
      taken = key.read(queue, value.texts);
    if (!taken)
      faults.push_back(fmt::format("queues.{}.{}: \"{}\" ({}) is not allowed: {}", given.name, key.name(),
                                   shown(without_password(fmt::to_string(fmt::join(value.texts, ", ")))),
                                   value.place, taken.error()));
  }
}

bool is_backoff(const std::pair<QueueKey, ConfigFile::Value>& entry) {
  return entry.first.name().starts_with("backoff");
}

/// Decides how a queue backs off, once all its keys are known: the queues of the file on the polynomial
/// curve, unless they or the settings say something else.
void fit_backoff(QueueConfig& queue, const Config& config, const ConfigFile::Queue& given, Faults& faults) {
  const bool is_default = given.name == default_queue;
  auto& backoff = queue.backoff;
  if (!is_default && !config.backoff_is_set && std::ranges::none_of(given.values, is_backoff))
    backoff.curve = domain::Curve::polynomial;
  if (backoff.curve != domain::Curve::polynomial) return;
  if (given_for(given, "backoff.cap") == nullptr) backoff.cap = longest_backoff;
  for (const auto* key : {"backoff.base", "backoff.factor", "backoff.jitter"})
    if (const auto* value = given_for(given, key))
      faults.push_back(
          fmt::format("queues.{}.{} ({}): is not allowed: it goes with backoff.policy = \"exponential\"",
                      given.name, key, value->place));
}

/// Checks the keys of a queue against its processor, once all of them are known.
void fit_processor(QueueConfig& queue, const ConfigFile::Queue& given, Faults& faults) {
  for (const auto& [key, value] : given.values)
    if (key.kind() != nullptr && key.kind() != queue.kind)
      faults.push_back(fmt::format("queues.{}.{} ({}): is not allowed: it goes with processor = \"{}\"",
                                   given.name, key.name(), value.place, key.kind()->name));
  if (given_for(given, "circuit.failures") == nullptr) queue.circuit.failures = queue.kind->circuit_failures;
  if (queue.is_remote()) {
    if (const auto* workers = given_for(given, "workers"))
      faults.push_back(fmt::format(
          "queues.{}.workers: \"{}\" ({}) is not allowed: processor = \"remote\" has no workers here",
          given.name, shown(workers->texts.front()), workers->place));
    queue.workers = 0;
  }
}

/// The standards of a kind's keys: those of its own, and those that a setting gives.
processors::KeyValues standards_of(const processors::ProcessorKind& kind, const Config& config) {
  processors::KeyValues values;
  values.set_standards(kind.keys);
  for (const auto& key : kind.keys) {
    const auto setting = std::ranges::find(settings(), key.setting, &Setting::name);
    if (setting == settings().end()) continue;
    const auto taken = values.set(key, std::array{setting->show(config)});
    JOBQD_CHECK(taken.has_value());
  }
  return values;
}

/// What every queue takes from the settings.
QueueConfig inherited_queue(const Config& config, Kinds kinds) {
  QueueConfig queue;
  queue.kind = processors::find_kind(kinds, "simulate");
  queue.values = standards_of(*queue.kind, config);
  queue.backoff = config.backoff;
  queue.interruptions_max = config.interruptions_max;
  queue.retention = config.retention;
  return queue;
}

/// A queue of the file, as far as its table says nothing: it keeps its jobs while their receiver is away for
/// days.
QueueConfig queue_of_the_file(QueueConfig queue) {
  queue.capacity = 100'000;
  queue.capacity_bytes = 256 * base::mib;
  queue.max_retries = 25;
  return queue;
}

/// What no single key of the queue shows.
void find_contradictions(const QueueConfig& queue, const Config& config, bool settings_are_known,
                         Faults& faults) {
  if (auto wrong = contradiction(queue)) faults.push_back(fmt::format("queues.{}.{}", queue.name, *wrong));
  if (settings_are_known && queue.capacity_bytes < config.max_body)
    faults.push_back(
        fmt::format("queues.{}.capacity_bytes: {} is not allowed: it is below MAX_BODY, which is {}",
                    queue.name, base::format_size(queue.capacity_bytes), base::format_size(config.max_body)));
}

}  // namespace

std::string_view set_elsewhere(std::string_view queue, std::string_view key) {
  if (queue != default_queue) return {};
  return key == "workers" ? "WORKERS" : key == "capacity" ? "QUEUE_SIZE" : "";
}

void make_queues(Config& config, const ConfigFile& file, Kinds kinds, bool settings_are_known,
                 Faults& faults) {
  const auto inherited = inherited_queue(config, kinds);
  config.queues = {inherited};
  config.queues.front().workers = config.workers;
  config.queues.front().capacity = config.queue_size;
  for (const auto& given : file.queues) {
    auto& queue = given.name == default_queue ? config.queues.front()
                                              : config.queues.emplace_back(queue_of_the_file(inherited));
    queue.name = given.name;
    queue.kind = given.kind;
    queue.values = standards_of(*given.kind, config);
    const auto before = faults.size();
    take_keys(queue, given, faults);
    fit_backoff(queue, config, given, faults);
    fit_processor(queue, given, faults);
    if (given.is_complete && faults.size() == before)
      find_contradictions(queue, config, settings_are_known, faults);
  }
}

}  // namespace jobqd::app
