// The configuration read again on SIGHUP: what changes while the daemon runs, and what needs a restart.

#include <algorithm>
#include <array>
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

const QueueConfig* find_queue(const std::vector<QueueConfig>& queues, std::string_view name) {
  const auto found = std::ranges::find(queues, name, &QueueConfig::name);
  return found == queues.end() ? nullptr : &*found;
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

}  // namespace

void App::reload(const Config& config) {
  auto& runners = *parts_->runners;
  if (parts_->tls != nullptr)
    if (auto loaded = parts_->tls->load_again(); !loaded) return refuse_reload(loaded.error());
  if (auto grown = runners.grow(config.queues); !grown) return refuse_reload(grown.error());
  std::string changed;
  std::string needs_a_restart;
  auto& log = parts_->log;
  explain_log_level(config, log);
  if (config.log_level != log.least()) add(changed, "LOG_LEVEL");
  log.set_least(std::min(config.log_level, log.least()));  // Until the change itself is logged.
  for (const auto& setting : settings())
    if (!is_taken_by_queues(setting) && setting.name != "LOG_LEVEL" &&
        setting.show(parts_->config) != setting.show(config))
      add(needs_a_restart, setting.name);
  for (const auto& present : runners.queues()) {
    const auto* wanted = find_queue(config.queues, present.name);
    if (wanted == nullptr) {
      runners.remove(present.name);
      add(changed, fmt::format("queues.{}", present.name));
      continue;
    }
    if (const auto keys = differences(present, *wanted); !keys.empty()) add(changed, keys);
    runners.change(*wanted);
  }
  const auto present = runners.queues();
  for (const auto& wanted : config.queues) {
    if (find_queue(present, wanted.name) != nullptr) continue;
    runners.add(wanted);
    add(changed, fmt::format("queues.{}", wanted.name));
  }
  parts_->watchers.all.configuration_changed(changed, needs_a_restart);
  log.set_least(config.log_level);
  parts_->files.scheduler.wake();
}

std::optional<base::milliseconds> App::tend_queues() {
  return parts_->runners->tend();
}

void App::refuse_reload(const std::string& why) {
  parts_->watchers.all.configuration_refused(why);
  parts_->files.scheduler.wake();
}

}  // namespace jobqd::app
