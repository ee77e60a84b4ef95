#include "app/daemon/app.hpp"

#include <algorithm>
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

/// Whoever connects while a short restoration goes on waits for its end. In one that takes longer than this
/// the port answers.
constexpr base::milliseconds short_restoration{200};

/// How often a longer one says how far it has come.
constexpr base::milliseconds restore_line_period{2'000};

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

void App::announce() {
  const auto descriptors = raise_descriptor_limit();
  std::string settings;
  for (const auto& [name, value] : effective_settings(parts_->config))
    settings += fmt::format("{}{}={}", settings.empty() ? "" : " ", name, value);
  parts_->log.write_admin(LogLevel::info, "configuration", {{"settings", settings}});
  if (const auto& traces = parts_->config.traces)
    parts_->log.write_admin(LogLevel::info, "traces", {{"to", traces->url}});
  for (const auto& queue : parts_->config.queues)
    parts_->log.write_admin(LogLevel::info, "queue",
                            {{"name", queue.name},
                             {"processor", queue.kind->name},
                             {"workers", queue.workers},
                             {"capacity", queue.capacity}});
  if (!std::ranges::all_of(parts_->config.listen, &ListenAddress::is_local))
    parts_->log.write_admin(LogLevel::warn,
                            "other machines may reach this address, and there is no authentication");
  warn_of_descriptors(parts_->config, descriptors, parts_->log);
}

std::expected<bool, std::string> App::restore(const std::function<bool()>& go_on) {
  if (!parts_->restore) return true;
  bool answers = false;
  auto next_line = parts_->clock.now().steady + short_restoration;
  const auto restored = parts_->restore([&](stores::RestoredJobs jobs) {
    if (const auto now = parts_->clock.now().steady; now >= next_line) {
      next_line = now + restore_line_period;
      if (!std::exchange(answers, true)) {
        parts_->server->start();
        for (const auto& address : parts_->addresses)
          parts_->log.write_admin(LogLevel::info, "restoring",
                                  {{"address", address.place()}, {"port", address.port}});
      } else if (jobs.all == 0) {
        parts_->log.write_admin(LogLevel::info, "restoring", {{"done", jobs.done}});
      } else {
        parts_->log.write_admin(LogLevel::info, "restoring", {{"done", jobs.done}, {"of", jobs.all}});
      }
    }
    return go_on();
  });
  if (!restored) return std::unexpected(restored.error());
  if (*restored) log_recovery(**restored);
  return restored->has_value();
}

std::expected<void, std::string> App::serve() {
  parts_->histories.start(parts_->clock.now());
  for (const auto& queue : parts_->config.queues) parts_->runners->add(queue);
  if (auto started = parts_->runners->start(); !started) return started;
  // Before the first tick, which would end those that the restoration has outlived.
  parts_->store->renew_leases();
  parts_->scheduler.start();
  parts_->files.scheduler.start();
  if (parts_->tracing) parts_->tracing->exporter().start();
  parts_->server->serve();
  parts_->server->start();
  parts_->serves = true;
  for (const auto& address : parts_->addresses)
    parts_->log.write_admin(
        LogLevel::info, "listening",
        {{"address", address.place()}, {"port", address.port}, {"version", version}, {"pid", getpid()}});
  return {};
}

void App::log_recovery(const stores::Recovery& found) const {
  auto& log = parts_->log;
  log.write_admin(found.set_aside.empty() ? LogLevel::info : LogLevel::error, "store opened",
                  {{"queued", found.queued},
                   {"interrupted", found.interrupted},
                   {"finished", found.finished},
                   {"leased", found.leased},
                   {"set_aside", found.set_aside.size()}});
  for (const auto& job : found.set_aside)
    log.write_admin(LogLevel::error, "a damaged job is set aside and will not run", {{"job", job}});
  for (const auto& queue : parts_->store->queues())
    if (!queue.configured)
      log.write_admin(
          LogLevel::warn, "a queue is not configured: its jobs are kept and wait",
          {{"queue", queue.name},
           {"queued", queue.counts.of(domain::Status::queued)},
           {"finished", queue.counts.of(domain::Status::done) + queue.counts.of(domain::Status::failed)}});
}

}  // namespace jobqd::app
