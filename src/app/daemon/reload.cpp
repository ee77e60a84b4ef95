// SIGHUP: what of the configuration can change while the daemon runs.

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include "app/daemon/app.hpp"
#include "app/daemon/parts.hpp"
#include "app/settings/queue_settings.hpp"
#include "app/settings/settings.hpp"

namespace jobqd::app {

namespace {

/// Settings that are only what queues take theirs from: what changes shows there.
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

/// Names, one after the other.
void add(std::string& list, std::string_view name) {
  list.append(list.empty() ? "" : " ").append(name);
}

struct Changes {
  std::string live;
  std::string restart;  ///< Wants one.
};

/// `to`, but for what cannot change.
QueueConfig merged(QueueConfig from, const QueueConfig& to) {
  if (from.is_remote() == to.is_remote()) from.workers = to.workers;
  from.capacity = to.capacity;
  from.max_retries = to.max_retries;
  from.timeout = to.timeout;
  from.backoff = to.backoff;
  from.rate = to.rate;
  from.circuit = to.circuit;
  from.interruptions_max = to.interruptions_max;
  from.retention = to.retention;
  return from;
}

Changes changes_of(const QueueConfig& from, const QueueConfig& to) {
  const auto possible = merged(from, to);
  Changes changes;
  for (const auto& setting : queue_settings()) {
    const auto name = fmt::format("queues.{}.{}", to.name, setting.key);
    if (setting.show(possible) != setting.show(from)) add(changes.live, name);
    if (setting.show(possible) != setting.show(to)) add(changes.restart, name);
  }
  return changes;
}

}  // namespace

void App::reload(const Config& config) {
  Changes all;
  for (const auto& setting : settings())
    if (!is_taken_by_queues(setting) && setting.show(parts_->config) != setting.show(config))
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
    if (present.is_remote()) {
      parts_->remote->set_policy(present.name, present.backoff);
    } else {
      parts_->queues[i].retry_processor->set_policy(present.backoff);
      parts_->queues[i].workers->resize(present.workers);
    }
  }
  parts_->log.write(all.restart.empty() ? LogLevel::info : LogLevel::warn, "configuration read again",
                    {{"changed", all.live.empty() ? "nothing" : all.live},
                     {"needs_a_restart", all.restart.empty() ? "nothing" : all.restart}});
}

}  // namespace jobqd::app
