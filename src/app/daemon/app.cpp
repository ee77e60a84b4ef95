#include "app/daemon/app.hpp"

#include <utility>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/daemon/parts.hpp"
#include "app/version.hpp"

namespace jobqd::app {

namespace {

/// Descriptors that are needed besides those of MAX_CONNECTIONS: for probes beyond it, files and logs.
constexpr std::size_t spare_descriptors = 100;

/// Raises the limit as far as the process may, and returns it. Each connection takes a descriptor, and the
/// usual soft limit of 1,024 is for programs that use select().
rlim_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return RLIM_INFINITY;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_max;
}

/// Warns where connections and attempts may together need more descriptors than there may be.
void warn_of_descriptors(const Config& config, rlim_t limit, Log& log) {
  const auto connections = config.max_connections + spare_descriptors;
  auto all = connections;
  for (const auto& queue : config.queues) all += queue.workers * queue.kind->descriptors;
  if (limit < connections)
    log.write_admin(LogLevel::warn, "MAX_CONNECTIONS needs more open files than this process may have",
                    {{"may_have", limit}, {"needs", connections}});
  else if (limit < all)
    log.write_admin(LogLevel::warn,
                    "the workers of queues may need more open files than this process may have",
                    {{"may_have", limit}, {"needs", all}});
}

}  // namespace

App::App(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

App::~App() = default;

std::expected<void, std::string> App::start() {
  const auto descriptors = raise_descriptor_limit();
  std::string settings;
  for (const auto& [name, value] : effective_settings(parts_->config))
    settings += fmt::format("{}{}={}", settings.empty() ? "" : " ", name, value);
  parts_->log.write_admin(LogLevel::info, "configuration", {{"settings", settings}});
  for (const auto& queue : parts_->config.queues)
    parts_->log.write_admin(LogLevel::info, "queue",
                            {{"name", queue.name},
                             {"processor", queue.kind->name},
                             {"workers", queue.workers},
                             {"capacity", queue.capacity}});
  if (!parts_->config.listen.is_loopback())
    parts_->log.write_admin(LogLevel::warn,
                            "other machines may reach this address, and there is no authentication");
  warn_of_descriptors(parts_->config, descriptors, parts_->log);
  parts_->scheduler.start();
  parts_->files.scheduler.start();
  if (auto started = parts_->runners->start(); !started) return started;
  parts_->server->start();
  parts_->store->renew_leases();
  parts_->log.write_admin(LogLevel::info, "listening",
                          {{"address", parts_->config.listen.host},
                           {"port", parts_->server->port()},
                           {"version", version},
                           {"pid", getpid()}});
  return {};
}

}  // namespace jobqd::app
