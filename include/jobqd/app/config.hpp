#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/domain/circuit_breaker.hpp>
#include <jobqd/domain/rate_limit.hpp>
#include <jobqd/domain/retry_policy.hpp>
#include <jobqd/processors/exec.hpp>
#include <jobqd/processors/push.hpp>
#include <jobqd/processors/simulate.hpp>

namespace jobqd::app {

enum class LogLevel : std::uint8_t { debug, info, warn, error };
enum class LogFormat : std::uint8_t { text, json };

struct ListenAddress {
  std::string host = "127.0.0.1";  ///< An IPv4 or IPv6 address.
  std::uint16_t port = 8080;       ///< 0: any free one.
  [[nodiscard]] bool is_loopback() const { return host.starts_with("127.") || host == "::1"; }
};

/// Secrets, by the names under which they were found.
struct SecretNames {
  std::vector<std::string> names;
  std::vector<std::string> values;  ///< Never shown.
};

/// One queue, with places, workers and rules of its own. What is allowed: the table in queue_settings.cpp.
struct QueueConfig {
  std::string name = "default";
  std::string processor = "simulate";  ///< `exec`, `http`, `remote`, or one that read_command() was told of.
  std::size_t workers = 4;             ///< 0 for `remote`: others work its jobs off.
  std::size_t capacity = 64;
  std::uint16_t max_retries = 0;  ///< For jobs that do not say.
  base::milliseconds timeout{0};  ///< As max_retries; 0: none.
  domain::RetryPolicy backoff;
  domain::RateLimit rate;
  domain::CircuitRule circuit;
  std::uint32_t interruptions_max = 10;
  base::milliseconds retention = std::chrono::hours{24};
  processors::Simulate::Options simulate;
  processors::Exec::Options exec;
  processors::Push::Options http;  ///< Without secrets, which are in the next two.
  SecretNames secret_env;
  SecretNames secret_file;

  [[nodiscard]] bool is_remote() const { return processor == "remote"; }
};

/// Everything that can be set, with its defaults. What is allowed: the table in settings.cpp.
struct Config {
  std::size_t workers = 4;
  std::size_t queue_size = 64;
  ListenAddress listen;
  std::string store = "sqlite:jobqd.db";  ///< `memory`, or `sqlite:` and a path.
  std::optional<std::string> config_file;
  base::milliseconds shutdown_grace{25'000};
  domain::RetryPolicy backoff;
  std::uint32_t interruptions_max = 10;
  processors::Simulate::Options simulate;
  std::size_t max_body = 1024UL * 1024;
  std::size_t max_connections = 1024;
  base::milliseconds retention = std::chrono::hours{24};
  std::size_t retention_max = 100'000;
  std::size_t retention_bytes = 256UL * 1024 * 1024;
  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::text;
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

/// Flags over environment over file over default. The error is one line: the setting, where it came from, the
/// value, and what is allowed.
/// `more_processors`: names that a queue's processor may have besides those of jobqd.
[[nodiscard]] std::expected<Command, std::string> read_command(
    std::span<const char* const> arguments, const Environment& environment,
    std::span<const std::string> more_processors = {});

/// All settings, then all queues as TOML: what `jobqd --check-config` prints.
[[nodiscard]] std::string describe(const Config& config);

/// Every setting's name and effective value, in the order of --help.
[[nodiscard]] std::vector<std::pair<std::string_view, std::string>> effective_settings(const Config& config);

}  // namespace jobqd::app
