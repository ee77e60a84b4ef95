#include "app/settings/config.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <jobqd/base/check.hpp>
#include <jobqd/base/size.hpp>

#include "app/settings/config_file.hpp"
#include "app/settings/queue_settings.hpp"
#include "app/settings/settings.hpp"
#include "app/settings/values.hpp"
#include "app/version.hpp"

namespace jobqd::app {

namespace {

using Kinds = std::span<const processors::ProcessorKind>;
/// The values that one source gives, by the names of the settings.
using Values = std::map<std::string_view, std::string>;

std::expected<void, std::string> apply(Config& config, const Values& values, std::string_view source) {
  for (const auto& setting : settings()) {
    const auto value = values.find(setting.name);
    if (value == values.end() || setting.read(config, value->second)) continue;
    return std::unexpected(fmt::format("{}: \"{}\" ({}) is not allowed: {}", setting.name,
                                       shown(value->second), source, setting.allowed));
  }
  return {};
}

std::expected<void, std::string> apply(Config& config, const ConfigFile& file) {
  for (const auto& [setting, value] : file.settings)
    if (!setting->read(config, value.texts.front()))
      return std::unexpected(fmt::format("{}: \"{}\" ({}) is not allowed: {}", setting->name,
                                         shown(value.texts.front()), value.place, setting->allowed));
  return {};
}

/// The text without what stands before the @ of a URL, which is no business of a message's readers.
std::string without_password(std::string text) {
  const auto begin = text.find("://");
  const auto at = text.find('@');
  if (begin != std::string::npos && at != std::string::npos && begin < at)
    text.replace(begin + 3, at - begin - 3, "…");
  return text;
}

/// Takes the keys that the file has for a queue.
std::expected<void, std::string> take_keys(QueueConfig& queue, bool is_default,
                                           const ConfigFile::Queue& given) {
  for (const auto& [key, value] : given.values) {
    const auto refuse = [&](std::string_view allowed) {
      return std::unexpected(fmt::format(
          "queues.{}.{}: \"{}\" ({}) is not allowed: {}", given.name, key.name(),
          shown(without_password(fmt::to_string(fmt::join(value.texts, ", ")))), value.place, allowed));
    };
    if (is_default && key.name() == "workers") return refuse("set WORKERS for the default queue");
    if (is_default && key.name() == "capacity") return refuse("set QUEUE_SIZE for the default queue");
    if (const auto read = key.read(queue, value.texts); !read) return refuse(read.error());
  }
  return {};
}

bool is_backoff(const std::pair<QueueKey, ConfigFile::Value>& entry) {
  return entry.first.name().starts_with("backoff");
}

/// Decides how a queue backs off, once all its keys are known: the queues of the file on the polynomial
/// curve, unless they or the settings say something else.
std::expected<void, std::string> fit_backoff(QueueConfig& queue, const Config& config, bool is_default,
                                             const ConfigFile::Queue& given) {
  auto& backoff = queue.backoff;
  if (!is_default && !config.backoff_is_set && std::ranges::none_of(given.values, is_backoff))
    backoff.curve = domain::Curve::polynomial;
  if (backoff.curve != domain::Curve::polynomial) return {};
  backoff.cap = longest_backoff;
  for (const auto& [key, value] : given.values) {
    if (key.name() == "backoff.cap") JOBQD_CHECK(key.read(queue, value.texts).has_value());
    if (key.name() == "backoff.base" || key.name() == "backoff.factor" || key.name() == "backoff.jitter")
      return std::unexpected(
          fmt::format("queues.{}.{} ({}): is not allowed: it goes with backoff.policy = \"exponential\"",
                      given.name, key.name(), value.place));
  }
  return {};
}

/// Checks the keys of a queue against its processor, once all of them are known.
std::expected<void, std::string> fit_processor(QueueConfig& queue, const ConfigFile::Queue& given) {
  for (const auto& [key, value] : given.values)
    if (key.kind() != nullptr && key.kind() != queue.kind)
      return std::unexpected(fmt::format("queues.{}.{} ({}): is not allowed: it goes with processor = \"{}\"",
                                         given.name, key.name(), value.place, key.kind()->name));
  const auto find = [&](std::string_view name) {
    return std::ranges::find(given.values, name, [](const auto& entry) { return entry.first.name(); });
  };
  const auto none = given.values.end();
  if (find("circuit.failures") == none) queue.circuit.failures = queue.kind->circuit_failures;
  if (queue.is_remote()) {
    if (const auto workers = find("workers"); workers != none)
      return std::unexpected(fmt::format(
          "queues.{}.workers: \"{}\" ({}) is not allowed: processor = \"remote\" has no workers here",
          given.name, shown(workers->second.texts.front()), workers->second.place));
    queue.workers = 0;
  }
  if (auto wrong = contradiction(queue))
    return std::unexpected(fmt::format("queues.{}.{}", given.name, *wrong));
  return {};
}

/// The standards of a kind's keys: those of its own, and those that a setting gives.
processors::KeyValues standards_of(const processors::ProcessorKind& kind, const Config& config) {
  processors::KeyValues values;
  values.set_standards(kind.keys);
  for (const auto& key : kind.keys) {
    const auto setting = std::ranges::find(settings(), key.setting, &Setting::name);
    if (setting == settings().end()) continue;
    const auto taken = values.set(key, std::array{setting->show(config)});
    JOBQD_CHECK(taken.has_value());
  }
  return values;
}

/// What every queue takes from the settings.
QueueConfig inherited_queue(const Config& config, Kinds kinds) {
  QueueConfig queue;
  queue.kind = processors::find_kind(kinds, "simulate");
  queue.values = standards_of(*queue.kind, config);
  queue.backoff = config.backoff;
  queue.interruptions_max = config.interruptions_max;
  queue.retention = config.retention;
  return queue;
}

/// A queue of the file, as far as its table says nothing: it keeps its jobs while their receiver is away for
/// days.
QueueConfig queue_of_the_file(QueueConfig queue) {
  queue.capacity = 100'000;
  queue.capacity_bytes = 256 * base::mib;
  queue.max_retries = 25;
  return queue;
}

/// Makes the default queue, and those of the file. What the table of a queue does not say comes from the
/// settings, or has a default of its own.
std::expected<void, std::string> make_queues(Config& config, const ConfigFile& file, Kinds kinds) {
  const auto inherited = inherited_queue(config, kinds);
  config.queues = {inherited};
  config.queues.front().workers = config.workers;
  config.queues.front().capacity = config.queue_size;
  for (const auto& given : file.queues) {
    const bool is_default = given.name == config.queues.front().name;
    auto& queue =
        is_default ? config.queues.front() : config.queues.emplace_back(queue_of_the_file(inherited));
    queue.name = given.name;
    queue.kind = given.kind;
    queue.values = standards_of(*given.kind, config);
    if (auto taken = take_keys(queue, is_default, given); !taken) return taken;
    if (auto fits = fit_backoff(queue, config, is_default, given); !fits) return fits;
    if (auto fits = fit_processor(queue, given); !fits) return fits;
    if (queue.capacity_bytes < config.max_body)
      return std::unexpected(fmt::format(
          "queues.{}.capacity_bytes: {} is not allowed: it is below MAX_BODY, which is {}", queue.name,
          base::format_size(queue.capacity_bytes), base::format_size(config.max_body)));
  }
  return {};
}

struct CommandLine {
  Values values;
  std::optional<Command> command;  ///< What to do instead of serving.
  bool check_config = false;
};

std::expected<CommandLine, std::string> read_flags(std::span<const char* const> arguments) {
  CLI::App cli("A job queue over HTTP: keeps jobs, runs them, retries them, and says what became of them.",
               "jobqd");
  cli.set_version_flag("--version", fmt::format("jobqd {}", version));
  cli.footer(
      "Each flag is also an environment variable (--queue-size: QUEUE_SIZE) and a key of the CONFIG file\n"
      "(queue_size). Flags beat the environment, the environment beats the file.\n"
      "Durations: 250ms, 30s, 5m, 1h30m. Sizes: 64KiB, 1MiB.");
  std::map<std::string_view, std::string> given;
  const Config defaults;
  for (const auto& setting : settings())
    cli.add_option(
           setting.flag(), given[setting.name],
           fmt::format("{}: {}; default {}", setting.meaning, setting.allowed, setting.show(defaults)))
        ->option_text(" ");
  CommandLine result;
  cli.add_flag("--check-config", result.check_config, "print the effective configuration and end");
  Check check;
  Backup backup;
  auto* check_command =
      cli.add_subcommand("check", "Say whether a store's file is sound and what is in it, changing nothing.");
  check_command->add_option("PATH", check.path, "the file of STORE=sqlite:PATH")->required();
  auto* backup_command =
      cli.add_subcommand("backup", "Copy a store's file consistently, also while a daemon runs on it.");
  backup_command->add_option("PATH", backup.from, "the file of STORE=sqlite:PATH")->required();
  backup_command->add_option("TO", backup.to, "the copy, which must not exist yet")->required();
  try {
    cli.parse(static_cast<int>(arguments.size()), arguments.data());
    if (check_command->parsed()) result.command = std::move(check);
    if (backup_command->parsed()) result.command = std::move(backup);
  } catch (const CLI::CallForHelp&) {
    result.command = Print{cli.help()};
  } catch (const CLI::CallForVersion&) {
    result.command = Print{cli.version() + "\n"};
  } catch (const CLI::ParseError& error) {
    return std::unexpected(fmt::format("{}; see jobqd --help", shown(error.what())));
  }
  for (const auto& setting : settings())
    if (cli.count(setting.flag()) > 0) result.values[setting.name] = given[setting.name];
  return result;
}

}  // namespace

std::optional<std::string> process_environment(std::string_view name) {
  const char* value =
      std::getenv(std::string(name).c_str());  // NOLINT(concurrency-mt-unsafe): before any thread.
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::expected<Command, std::string> read_command(std::span<const char* const> arguments,
                                                 const Environment& environment,
                                                 std::span<const processors::ProcessorKind> kinds) {
  auto flags = read_flags(arguments);
  if (!flags) return std::unexpected(flags.error());
  if (flags->command) return *std::move(flags->command);
  Values variables;
  for (const auto& setting : settings())
    if (auto value = environment(setting.name)) variables[setting.name] = *std::move(value);

  std::string path;
  if (const auto variable = variables.find("CONFIG"); variable != variables.end()) path = variable->second;
  if (const auto flag = flags->values.find("CONFIG"); flag != flags->values.end()) path = flag->second;
  Config config;
  ConfigFile file;
  if (!path.empty()) {
    auto read = read_config_file(path, kinds);
    if (!read) return std::unexpected(read.error());
    file = *std::move(read);
    if (auto applied = apply(config, file); !applied) return std::unexpected(applied.error());
  }
  if (auto applied = apply(config, variables, "environment"); !applied)
    return std::unexpected(applied.error());
  if (auto applied = apply(config, flags->values, "flag"); !applied) return std::unexpected(applied.error());
  if (auto wrong = contradiction(config)) return std::unexpected(*std::move(wrong));
  if (auto made = make_queues(config, file, kinds); !made) return std::unexpected(made.error());
  if (flags->check_config) return Print{describe(config)};
  return Serve{std::move(config)};
}

std::string describe(const Config& config) {
  std::string text;
  for (const auto& [name, value] : effective_settings(config)) text += fmt::format("{}={}\n", name, value);
  for (const auto& queue : config.queues) {
    text += fmt::format("\n[queues.{}]\n",
                        queue.name.contains('.') ? fmt::format("\"{}\"", queue.name) : queue.name);
    for (const auto& [key, value] : effective_keys(queue)) text += fmt::format("{} = {}\n", key, value);
  }
  return text;
}

std::vector<std::pair<std::string_view, std::string>> effective_settings(const Config& config) {
  std::vector<std::pair<std::string_view, std::string>> all;
  for (const auto& setting : settings()) all.emplace_back(setting.name, setting.show(config));
  return all;
}

}  // namespace jobqd::app
