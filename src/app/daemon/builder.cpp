#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jobqd/stores/embedded_store.hpp>

#include "app/daemon/parts.hpp"
#include "app/settings/memory_budget.hpp"
#include "app/version.hpp"

namespace jobqd::app {

namespace {

struct OpenPort {
  ListenAddress address;  ///< With the number of the port.
  http::Port port;
};
using OpenPorts = std::vector<OpenPort>;

/// How the setting STORE begins when jobs are kept in a file.
constexpr std::string_view sqlite = "sqlite:";

stores::EmbeddedOptions store_options(const Config& config) {
  std::vector<engine::QueueOptions> queues;
  queues.reserve(config.queues.size());
  for (const auto& queue : config.queues) queues.push_back(queue_options(queue));
  return {.queues = std::move(queues),
          .retention = config.retention,
          .retention_max = config.retention_max,
          .retention_bytes = config.retention_bytes,
          .memory_budget = config.memory_budget.value_or(automatic_memory_budget(usable_memory())),
          .interruptions_max = config.interruptions_max};
}

std::expected<void, std::string> open_store(App::Parts& parts) {
  const stores::DueChanged wake = [&scheduler = parts.scheduler] { scheduler.wake(); };
  const stores::Surroundings around{
      .clock = parts.clock, .random = parts.random, .observer = parts.watchers.all, .due_changed = wake};
  if (!parts.config.store.starts_with(sqlite)) {
    parts.store = stores::open_memory_store(store_options(parts.config), around);
    return {};
  }
  auto opened =
      stores::open_sqlite_file(parts.config.store.substr(sqlite.size()), store_options(parts.config), around);
  if (!opened) return std::unexpected(opened.error());
  parts.store = std::move(opened->store);
  parts.restore = std::move(opened->restore);
  parts.store_is_durable = true;
  return {};
}

http::ServerOptions server_options(const App::Parts& parts) {
  return {.max_body = parts.config.max_body,
          .max_connections = parts.config.max_connections,
          .traceparent_of = &parts.traceparent_of};
}

/// Loads what the addresses with TLS need; does nothing if there are none.
std::expected<void, std::string> load_tls(App::Parts& parts) {
  if (std::ranges::find(parts.config.listen, true, &ListenAddress::tls) == parts.config.listen.end())
    return {};
  auto tls = http::Tls::load(parts.config.tls);
  if (!tls) return std::unexpected(tls.error());
  parts.tls = *std::move(tls);
  parts.files.watch.add({}, parts.tls);
  return {};
}

/// Opens the ports, or the Unix sockets, of LISTEN and adds them to `ports`.
std::expected<void, std::string> open_ports(const Config& config, bool sockets, OpenPorts& ports) {
  for (const auto& address : config.listen) {
    if (address.path.empty() == sockets) continue;
    auto port = sockets ? http::Port::open_unix(address.path) : http::Port::open(address.host, address.port);
    if (!port) return std::unexpected(port.error());
    ports.push_back({.address = address, .port = *std::move(port)});
    ports.back().address.port = ports.back().port.number();
  }
  return {};
}

std::expected<void, std::string> listen(App::Parts& parts, OpenPorts ports) {
  for (auto& [address, port] : ports) {
    auto listening = parts.server->listen(std::move(port), address.tls ? parts.tls : nullptr);
    if (!listening) return listening;
    parts.addresses.push_back(std::move(address));
  }
  return {};
}

metrics::ExpositionOptions metrics_options(const App::Parts& parts) {
  const auto& config = parts.config;
  metrics::ExpositionOptions options{.version = std::string(version)};
  if (parts.tracing)
    options.dropped_spans = [&exporter = parts.tracing->exporter()] { return exporter.dropped(); };
  if (config.store.starts_with(sqlite)) {
    const auto path = config.store.substr(sqlite.size());
    options.files = {{.label = "database", .path = path}, {.label = "log", .path = path + "-wal"}};
  }
  return options;
}

}  // namespace

std::expected<std::unique_ptr<App>, std::string> build(const Config& config, const base::Clock& clock,
                                                       Log& log) {
  std::unique_ptr<Tracing> tracing;
  if (config.traces) {
    auto made = Tracing::make(*config.traces, clock, log);
    if (!made) return std::unexpected(made.error());
    tracing = *std::move(made);
  }
  auto owned = std::make_unique<App::Parts>(config, clock, log, std::move(tracing));
  auto& parts = *owned;
  // First, so that a start that fails because the port is taken neither makes a file nor changes one. Whoever
  // connects waits until the file is open.
  OpenPorts ports;
  if (auto loaded = load_tls(parts); !loaded) return std::unexpected(loaded.error());
  if (auto opened = open_ports(config, false, ports); !opened) return std::unexpected(opened.error());
  if (auto opened = open_store(parts); !opened) return std::unexpected(opened.error());
  // Only now that the file is locked: a socket that is left over is replaced.
  if (auto opened = open_ports(config, true, ports); !opened) return std::unexpected(opened.error());
  parts.scheduler.add(parts.store_duty.emplace(*parts.store));
  parts.scheduler.add(parts.watchers.failure_log);
  parts.runners.emplace(*parts.store, parts.watchers.all, clock, parts.random, parts.files.watch,
                        parts.tracer);
  parts.metrics.emplace(*parts.store, parts.watchers.counters, clock, metrics_options(parts));
  parts.histories.add(*parts.store);
  parts.server = std::make_unique<http::Server>(
      server_options(parts), *parts.store, clock, parts.random,
      std::vector<http::Observer*>{&parts.watchers.admin_log, &parts.watchers.counters}, &*parts.metrics,
      &*parts.histories.history);
  if (auto listening = listen(parts, std::move(ports)); !listening) return std::unexpected(listening.error());
  return std::unique_ptr<App>(new App(std::move(owned)));
}

}  // namespace jobqd::app
