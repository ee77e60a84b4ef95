#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <jobqd/stores/embedded_store.hpp>

#include "app/daemon/parts.hpp"

namespace jobqd::app {

engine::QueueOptions queue_options(const QueueConfig& queue) {
  return {.name = queue.name,
          .capacity = queue.capacity,
          .capacity_bytes = queue.capacity_bytes,
          .max_retries = queue.max_retries,
          .timeout = queue.timeout,
          .backoff = queue.backoff,
          .rate = queue.rate,
          .circuit = queue.circuit,
          .retention = queue.retention,
          .interruptions_max = queue.interruptions_max,
          .remote = queue.is_remote()};
}

namespace {

stores::EmbeddedOptions store_options(const Config& config) {
  std::vector<engine::QueueOptions> queues;
  queues.reserve(config.queues.size());
  for (const auto& queue : config.queues) queues.push_back(queue_options(queue));
  return {.queues = std::move(queues),
          .retention = config.retention,
          .retention_max = config.retention_max,
          .retention_bytes = config.retention_bytes,
          .interruptions_max = config.interruptions_max};
}

std::expected<void, std::string> open_store(App::Parts& parts) {
  const stores::DueChanged wake = [&scheduler = parts.scheduler] { scheduler.wake(); };
  constexpr std::string_view sqlite = "sqlite:";
  const stores::Surroundings around{
      .clock = parts.clock, .random = parts.random, .observer = parts.watchers.all, .due_changed = wake};
  if (!parts.config.store.starts_with(sqlite)) {
    parts.store = stores::open_memory_store(store_options(parts.config), around);
    return {};
  }
  auto opened = stores::open_sqlite_store(parts.config.store.substr(sqlite.size()),
                                          store_options(parts.config), around);
  if (!opened) return std::unexpected(opened.error());
  parts.store = std::move(opened->store);
  parts.store_is_durable = true;
  const auto& found = opened->recovery;
  parts.log.write_admin(found.set_aside.empty() ? LogLevel::info : LogLevel::error, "store opened",
                        {{"queued", found.queued},
                         {"interrupted", found.interrupted},
                         {"finished", found.finished},
                         {"leased", found.leased},
                         {"set_aside", found.set_aside.size()}});
  for (const auto& job : found.set_aside)
    parts.log.write_admin(LogLevel::error, "a damaged job is set aside and will not run", {{"job", job}});
  return {};
}

/// What runs the jobs of one queue; nothing where remote workers do.
std::expected<QueueParts, std::string> make_queue(App::Parts& parts, const QueueConfig& config) {
  QueueParts queue;
  if (config.is_remote()) return queue;
  auto made = config.kind->make(
      {.values = config.values, .queue = config.name, .clock = parts.clock, .random = parts.random});
  if (!made) return std::unexpected(fmt::format("queues.{}: {}", config.name, made.error()));
  queue.processor = *std::move(made);
  parts.files.watch.add(config.name, queue.processor->files());
  queue.retry_processor =
      std::make_unique<engine::RetryProcessor>(*parts.store, *queue.processor, parts.watchers.all);
  queue.workers =
      std::make_unique<engine::WorkerPool>(*parts.store, *queue.retry_processor, config.name, config.workers);
  return queue;
}

http::ServerOptions server_options(const Config& config) {
  return {.address = config.listen.host,
          .port = config.listen.port,
          .max_body = config.max_body,
          .max_connections = config.max_connections};
}

}  // namespace

std::expected<std::unique_ptr<App>, std::string> build(const Config& config, const base::Clock& clock,
                                                       Log& log) {
  auto owned = std::make_unique<App::Parts>(config, clock, log);
  auto& parts = *owned;
  if (auto opened = open_store(parts); !opened) return std::unexpected(opened.error());
  parts.scheduler.add(parts.store_duty.emplace(*parts.store));
  parts.scheduler.add(parts.watchers.failure_log);
  for (const auto& queue : config.queues) {
    auto made = make_queue(parts, queue);
    if (!made) return std::unexpected(made.error());
    parts.queues.push_back(*std::move(made));
  }
  parts.server = std::make_unique<http::Server>(server_options(config), *parts.store, clock, parts.random,
                                                std::vector<http::Observer*>{&parts.watchers.admin_log});
  return std::unique_ptr<App>(new App(std::move(owned)));
}

}  // namespace jobqd::app
