#include "app/daemon/app.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <jobqd/base/duration.hpp>

#include "app/daemon/parts.hpp"
#include "app/version.hpp"

namespace jobqd::app {

namespace {

using domain::Status;

/// The longest time that open requests may take to be answered once all jobs are settled.
constexpr base::milliseconds answer_grace{1'000};
/// Jobs can also end without an attempt (cancelled, removed), so the stop counts them again this often.
constexpr base::milliseconds look_again{50};

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
  const auto port = parts_->server->listen();
  if (!port) return std::unexpected(port.error());
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
  for (auto& queue : parts_->queues)
    if (queue.workers)
      if (auto started = queue.workers->start(); !started) return started;
  parts_->server->start();
  parts_->store->renew_leases();
  parts_->log.write_admin(
      LogLevel::info, "listening",
      {{"address", parts_->config.listen.host}, {"port", *port}, {"version", version}, {"pid", getpid()}});
  return {};
}

template <class Condition>
void App::wait_until(base::SteadyTime deadline, Condition is_over) {
  while (!is_over()) {
    const auto now = parts_->clock.now().steady;
    if (now >= deadline) return;
    parts_->watchers.attempts.wait(std::min(deadline, now + look_again));
  }
}

void App::stop() {
  auto& store = *parts_->store;
  const auto grace = parts_->config.shutdown_grace;
  const auto deadline = parts_->clock.now().steady + grace;
  // Leases outlive the process if their store does.
  const auto none_running = [&store, durable = parts_->store_is_durable] {
    const auto attempts = store.attempts();
    return attempts.own + (durable ? 0 : attempts.leased) == 0;
  };
  parts_->log.write_admin(LogLevel::info, "stopping", {{"grace", base::format_duration(grace)}});
  parts_->watchers.attempts.begin();
  parts_->server->drain();
  store.stop_admission();
  if (!parts_->store_is_durable)
    wait_until(deadline, [&] {
      const auto next = store.next_start();
      return none_running() && (!next || *next > deadline);
    });
  store.stop_claims();
  wait_until(deadline, none_running);
  store.stop_attempts();
  if (!parts_->store_is_durable) store.end_leases();
  for (auto& queue : parts_->queues)
    if (queue.workers) queue.workers->request_stop();
  for (auto& queue : parts_->queues)
    if (queue.workers) queue.workers->join();
  parts_->server->request_stop(answer_grace);
  parts_->server->join();
  parts_->scheduler.request_stop();
  parts_->scheduler.join();
  log_end();
}

void App::log_end() const {
  const auto left = parts_->store->counts().of(Status::queued);
  const bool lost = left > 0 && !parts_->store_is_durable;
  if (const auto why = parts_->store->trouble(); !why.empty())
    parts_->log.write_admin(LogLevel::error, "what ended while the store could not be written may run again",
                            {{"why", why}});
  const auto& seen = parts_->watchers.tally;
  parts_->log.write_admin(lost ? LogLevel::warn : LogLevel::info, "stopped",
                          {{"done", seen.done()},
                           {"failed", seen.failed()},
                           {"retried", seen.retried()},
                           {"interrupted", seen.interrupted()},
                           {parts_->store_is_durable ? "queued" : "lost", left},
                           {"leased", parts_->store->attempts().leased}});
}

}  // namespace jobqd::app
