#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/domain/circuit_breaker.hpp>
#include <jobqd/domain/rate_limit.hpp>
#include <jobqd/domain/retry_policy.hpp>
#include <jobqd/engine/queue_options.hpp>
#include <jobqd/http/tls.hpp>
#include <jobqd/processors/kind.hpp>

namespace jobqd::app {

enum class LogLevel : std::uint8_t { debug, info, warn, error };
[[nodiscard]] std::string_view to_string(LogLevel level);
enum class LogFormat : std::uint8_t { text, json };

/// A TCP port, or a Unix socket.
struct ListenAddress {
  std::string host = "127.0.0.1";  ///< An IPv4 or IPv6 address.
  std::uint16_t port = 8080;       ///< 0: any free one.
  bool tls = false;
  std::string path = {};  ///< Of the socket; empty: a port.

  /// Whether only this machine can reach it.
  [[nodiscard]] bool is_local() const { return !path.empty() || host.starts_with("127.") || host == "::1"; }
  /// As LISTEN has it, and the same without the port.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::string place() const;
};

/// One queue, with places, workers and rules of its own. What is allowed: the table in queue_settings.cpp,
/// and the keys of the processor's kind. The defaults here are those of the queue `default`;
/// read_command() gives others to the queues of the file.
///
/// Size: it has one member for each key, and for each table of keys, that a queue has in the file.
struct QueueConfig {
  std::string name = "default";
  const processors::ProcessorKind* kind =
      nullptr;                   ///< Of its processor. Never null in what read_command() returns.
  processors::KeyValues values;  ///< Of the keys of its kind.
  std::size_t workers = 4;       ///< 0 where remote workers run its jobs.
  std::size_t capacity = 64;
  std::size_t capacity_bytes = engine::any_bytes;
  std::uint16_t max_retries = 0;  ///< For jobs that do not set it.
  base::milliseconds timeout{0};  ///< Likewise; 0: none.
  domain::RetryPolicy backoff;
  domain::RateLimit rate;
  domain::CircuitRule circuit;
  std::uint32_t interruptions_max = 10;
  base::milliseconds retention = std::chrono::hours{24};

  [[nodiscard]] bool is_remote() const { return kind->is_remote(); }
};

/// The settings SIMULATE_*, from which queues with the simulated processor take what they do not set.
struct SimulateSettings {
  base::milliseconds shortest{100};
  base::milliseconds longest{150};
  double failure_rate = 0.2;
};

/// Where spans of attempts go: what the variables OTEL_* say. What is allowed: traces_settings.cpp.
struct TracesConfig {
  std::string url;                                           ///< Of the collector, for traces.
  std::vector<std::pair<std::string, std::string>> headers;  ///< Their values may be secrets.
  base::milliseconds timeout{10'000};
  double ratio = 0;  ///< The share of attempts that have a span among jobs that came without a trace.
  std::vector<std::pair<std::string, std::string>> resource;  ///< service.name, and more.
};

/// Everything that can be set, with its defaults. What is allowed: the table in settings.cpp.
struct Config {
  std::size_t workers = 4;
  std::size_t queue_size = 64;
  std::vector<ListenAddress> listen{ListenAddress{}};  ///< At least one.
  http::TlsOptions tls;
  std::string store = "sqlite:jobqd.db";  ///< `memory`, or `sqlite:` and a path.
  std::optional<std::string> config_file;
  base::milliseconds drain_delay{0};
  base::milliseconds shutdown_grace{25'000};
  domain::RetryPolicy backoff;
  bool backoff_is_set =
      false;  ///< BACKOFF_BASE or BACKOFF_CAP is, and applies to the queues of the file too.
  std::uint32_t interruptions_max = 10;
  SimulateSettings simulate;
  std::size_t max_body = 1024UL * 1024;
  std::size_t max_connections = 1024;
  base::milliseconds retention = std::chrono::hours{24};
  std::size_t retention_max = 100'000;
  std::size_t retention_bytes = 256UL * 1024 * 1024;
  std::optional<std::size_t> memory_budget;  ///< Empty: automatic_memory_budget().
  LogLevel log_level = LogLevel::info;
  std::string log_level_held = {};  ///< Why a new LOG_LEVEL in the file has no effect; empty: it has.
  LogFormat log_format = LogFormat::text;
  std::optional<TracesConfig> traces;  ///< Of the environment alone; empty: there are none.
  std::vector<QueueConfig>
      queues;  ///< The default queue first. Made of all above and the tables of the file.
};

/// What the command line asks for.
struct Serve {
  Config config;
};
struct Print {  ///< --help, --version: text for standard output.
  std::string text;
};
struct Check {  ///< `jobqd check PATH`
  std::string path;
};
struct Backup {  ///< `jobqd backup PATH TO`
  std::string from;
  std::string to;
};
using Command = std::variant<Serve, Print, Check, Backup>;

/// Value of an environment variable; empty where it is not set.
using Environment = std::function<std::optional<std::string>(std::string_view)>;

/// The environment of this process.
[[nodiscard]] std::optional<std::string> process_environment(std::string_view name);

/// Reads flags, environment and file: flags override the environment, which overrides the file. The error is
/// one line: the setting, where its value came from, the value, and what is allowed. For --check-config it
/// has one line for each fault. The configuration refers to `kinds`, which outlive it and among which is
/// "simulate".
[[nodiscard]] std::expected<Command, std::string> read_command(
    std::span<const char* const> arguments, const Environment& environment,
    std::span<const processors::ProcessorKind> kinds = processors::built_in_kinds());

/// What `jobqd --check-config` prints: all settings except CONFIG, then all queues, as a CONFIG file that
/// says the same.
[[nodiscard]] std::string describe(const Config& config);

/// Every setting's name and effective value, in the order of --help.
[[nodiscard]] std::vector<std::pair<std::string_view, std::string>> effective_settings(const Config& config);

}  // namespace jobqd::app
