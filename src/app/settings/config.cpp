#include "app/settings/config.hpp"

#include <cstdlib>
#include <map>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <jobqd/base/number.hpp>

#include "app/settings/config_file.hpp"
#include "app/settings/help.hpp"
#include "app/settings/make_queues.hpp"
#include "app/settings/queue_settings.hpp"
#include "app/settings/settings.hpp"
#include "app/settings/traces_settings.hpp"
#include "app/settings/values.hpp"
#include "app/version.hpp"

namespace jobqd::app {

namespace {

/// The values that one source gives, by the names of the settings.
using Values = std::map<std::string_view, std::string>;

void apply(Config& config, const Setting& setting, const std::string& text, std::string_view source,
           Faults& faults) {
  if (!setting.read(config, text))
    faults.push_back(fmt::format("{}: \"{}\" ({}) is not allowed: {}", setting.name, shown(text), source,
                                 setting.allowed));
}

void apply(Config& config, const Values& values, std::string_view source, Faults& faults) {
  for (const auto& setting : settings())
    if (const auto value = values.find(setting.name); value != values.end())
      apply(config, setting, value->second, source, faults);
}

constexpr std::string_view log_level_name = "LOG_LEVEL";

/// Why the file cannot change a setting; empty where it can.
std::string why_held(std::string_view name, const Values& variables, const Values& flags) {
  if (flags.contains(name)) return "a flag sets it, which overrides the file";
  return variables.contains(name) ? "the environment sets it, which overrides the file" : "";
}

/// What the sources say together, and what is wrong with it.
Config read_sources(const std::string& path, const Values& variables, const Values& flags,
                    std::span<const processors::ProcessorKind> kinds, Faults& faults) {
  Config config;
  ConfigFile file;
  if (!path.empty()) file = read_config_file(path, kinds, faults);
  const auto before = faults.size();
  for (const auto& [setting, value] : file.settings)
    apply(config, *setting, value.texts.front(), value.place, faults);
  apply(config, variables, "environment", faults);
  apply(config, flags, "flag", faults);
  config.log_level_held = why_held(log_level_name, variables, flags);
  // What would follow from a value that is not known is not reported.
  const bool settings_are_known = file.is_complete && faults.size() == before;
  if (settings_are_known)
    if (auto wrong = contradiction(config)) faults.push_back(*std::move(wrong));
  make_queues(config, file, kinds, settings_are_known, faults);
  return config;
}

struct CommandLine {
  Values values;
  std::optional<Command> command;  ///< What to do instead of serving.
  bool check_config = false;
};

std::expected<CommandLine, std::string> read_flags(std::span<const char* const> arguments,
                                                   std::span<const processors::ProcessorKind> kinds) {
  CLI::App cli("A job queue over HTTP: keeps jobs, runs them, retries them, and says what\nbecame of them.",
               "jobqd");
  cli.set_version_flag("--version", fmt::format("jobqd {}", version));
  cli.formatter(std::make_shared<HelpFormatter>());
  cli.footer(help_footer(kinds));
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
  check_command->footer("");
  check_command->add_option("PATH", check.path, "the file of STORE=sqlite:PATH")->required();
  auto* backup_command =
      cli.add_subcommand("backup", "Copy a store's file consistently, also while a daemon runs on it.");
  backup_command->footer("");
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
  auto flags = read_flags(arguments, kinds);
  if (!flags) return std::unexpected(flags.error());
  if (flags->command) return *std::move(flags->command);
  Values variables;
  for (const auto& setting : settings())
    if (auto value = environment(setting.name)) variables[setting.name] = *std::move(value);

  std::string path;
  if (const auto variable = variables.find("CONFIG"); variable != variables.end()) path = variable->second;
  if (const auto flag = flags->values.find("CONFIG"); flag != flags->values.end()) path = flag->second;
  Faults faults;
  auto config = read_sources(path, variables, flags->values, kinds, faults);
  config.traces = read_traces(environment, faults);
  if (!faults.empty() && !flags->check_config) faults.resize(1);
  if (!faults.empty()) return std::unexpected(fmt::to_string(fmt::join(faults, "\n")));
  if (flags->check_config) return Print{describe(config)};
  return Serve{std::move(config)};
}

/// The value as TOML has it: a number, or a string.
std::string as_toml(const std::string& value) {
  return base::parse_number<double>(value) ? value : app::quoted(value);
}

std::string describe(const Config& config) {
  std::string text;
  if (config.traces) text += fmt::format("# traces go to {} (OTEL_*)\n", shown(config.traces->url));
  for (const auto& setting : settings())
    if (setting.name != "CONFIG")
      text += fmt::format("{} = {}\n", setting.file_key(), as_toml(setting.show(config)));
  for (const auto& queue : config.queues) {
    text += fmt::format("\n[queues.{}]\n",
                        queue.name.contains('.') ? fmt::format("\"{}\"", queue.name) : queue.name);
    for (const auto& [key, value] : effective_keys(queue))
      if (set_elsewhere(queue.name, key).empty()) text += fmt::format("{} = {}\n", key, value);
  }
  return text;
}

std::vector<std::pair<std::string_view, std::string>> effective_settings(const Config& config) {
  std::vector<std::pair<std::string_view, std::string>> all;
  for (const auto& setting : settings()) all.emplace_back(setting.name, setting.show(config));
  return all;
}

}  // namespace jobqd::app
