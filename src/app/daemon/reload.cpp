// The configuration read again on SIGHUP: what changes while the daemon runs, and what needs a restart.

#include <algorithm>
#include <array>
#include <cstddef>
#include <expected>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/daemon/app.hpp"
#include "app/daemon/parts.hpp"
#include "app/settings/queue_settings.hpp"
#include "app/settings/settings.hpp"

namespace jobqd::app {

namespace {

/// Settings that are only defaults of queues. Where a change has an effect, a key of a queue shows it.
bool is_taken_by_queues(const Setting& setting) {
  constexpr std::array<std::string_view, 10> names{
      "WORKERS",      "QUEUE_SIZE",   "BACKOFF_BASE",          "BACKOFF_CAP",       "RETENTION",
      "SIMULATE_MIN", "SIMULATE_MAX", "SIMULATE_FAILURE_RATE", "INTERRUPTIONS_MAX", "CONFIG"};
  return std::ranges::find(names, setting.name) != names.end();
}

const QueueConfig* find_queue(const Config& config, std::string_view name) {
  const auto found = std::ranges::find(config.queues, name, &QueueConfig::name);
  return found == config.queues.end() ? nullptr : &*found;
}

/// Appends a name to a list with spaces between.
void add(std::string& list, std::string_view name) {
  list.append(list.empty() ? "" : " ").append(name);
}

/// Says why the level of the log does not follow the file, if it does not.
void explain_log_level(const Config& config, Log& log) {
  if (!config.log_level_held.empty())
    log.write_admin(LogLevel::info, "LOG_LEVEL stays as it is",
                    {{"level", to_string(log.least())}, {"why", config.log_level_held}});
}

/// Names of settings, separated by spaces.
struct Changes {
  std::string live;     ///< Changed while the daemon runs.
  std::string restart;  ///< Will change with a restart.
};

/// `to`, with the values of `from` for what cannot change while the daemon runs.
QueueConfig merged(const QueueConfig& from, QueueConfig to) {
  if (from.is_remote() != to.is_remote()) to.workers = from.workers;
  to.kind = from.kind;
  to.values = from.values;
  return to;
}

/// The keys whose values differ.
std::string differences(const QueueConfig& from, const QueueConfig& to) {
  std::string names;
  const auto before = effective_keys(from);
  const auto after = effective_keys(to);
  const auto add_others = [&](const auto& keys, const auto& others, bool also_changed) {
    for (const auto& [key, value] : keys) {
      const auto other = std::ranges::find(others, key, [](const auto& entry) { return entry.first; });
      if (other == others.end() || (also_changed && other->second != value))
        add(names, fmt::format("queues.{}.{}", to.name, key));
    }
  };
  add_others(after, before, true);
  add_others(before, after, false);
  return names;
}

Changes changes_of(const QueueConfig& from, const QueueConfig& to) {
  const auto possible = merged(from, to);
  return {.live = differences(from, possible), .restart = differences(possible, to)};
}

/// Starts the workers that the new configuration adds. Error: the system gives no more threads, and all pools
/// are as they were.
std::expected<void, std::string> grow_pools(App::Parts& parts, const Config& config) {
  std::vector<std::size_t> grown;
  for (std::size_t i = 0; i < parts.queues.size(); ++i) {
    const auto& present = parts.config.queues[i];
    const auto* wanted = find_queue(config, present.name);
    if (wanted == nullptr || parts.queues[i].workers == nullptr) continue;
    const auto workers = merged(present, *wanted).workers;
    if (workers <= present.workers) continue;
    grown.push_back(i);
    auto resized = parts.queues[i].workers->resize(workers);
    if (resized) continue;
    for (const auto queue : grown)
      (void)parts.queues[queue].workers->resize(
          parts.config.queues[queue].workers);  // Fewer: always possible.
    return resized;
  }
  return {};
}

}  // namespace

void App::reload(const Config& config) {
  if (auto grown = grow_pools(*parts_, config); !grown) return refuse_reload(grown.error());
  Changes all;
  auto& log = parts_->log;
  explain_log_level(config, log);
  if (config.log_level != log.least()) add(all.live, "LOG_LEVEL");
  log.set_least(std::min(config.log_level, log.least()));  // Until the change itself is logged.
  for (const auto& setting : settings())
    if (!is_taken_by_queues(setting) && setting.name != "LOG_LEVEL" &&
        setting.show(parts_->config) != setting.show(config))
      add(all.restart, setting.name);
  for (const auto& queue : config.queues)
    if (find_queue(parts_->config, queue.name) == nullptr)
      add(all.restart, fmt::format("queues.{}", queue.name));
  for (std::size_t i = 0; i < parts_->queues.size(); ++i) {
    auto& present = parts_->config.queues[i];
    const auto* wanted = find_queue(config, present.name);
    if (wanted == nullptr) {
      add(all.restart, fmt::format("queues.{}", present.name));
      continue;
    }
    const auto changes = changes_of(present, *wanted);
    if (!changes.restart.empty()) add(all.restart, changes.restart);
    if (changes.live.empty()) continue;
    add(all.live, changes.live);
    present = merged(present, *wanted);
    parts_->store->configure(queue_options(present));
    if (!present.is_remote())
      (void)parts_->queues[i].workers->resize(present.workers);  // It has grown already.
  }
  parts_->watchers.all.configuration_changed(all.live, all.restart);
  log.set_least(config.log_level);
  parts_->files.scheduler.wake();
}

void App::refuse_reload(const std::string& why) {
  parts_->watchers.all.configuration_refused(why);
  parts_->files.scheduler.wake();
}

}  // namespace jobqd::app
