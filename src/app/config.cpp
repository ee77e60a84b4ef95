#include <jobqd/app/config.hpp>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <toml++/toml.h>
#include <unistd.h>

#include "app/settings.hpp"
#include "app/version.hpp"

namespace jobqd::app {

namespace {

/// The values that one source gives, by setting name.
using Values = std::map<std::string_view, std::string>;

/// Client text in a message stays on its line.
std::string shown(std::string_view text) {
  std::string plain;
  for (const char c : text.substr(0, 200)) {
    const auto byte = static_cast<unsigned char>(c);
    plain += byte < 0x20 || byte == 0x7F ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return plain;
}

std::expected<void, std::string> apply(Config& config, const Values& values, std::string_view source) {
  for (const auto& setting : settings()) {
    const auto value = values.find(setting.name);
    if (value == values.end() || setting.read(config, value->second)) continue;
    return std::unexpected(fmt::format("{}: \"{}\" ({}) is not allowed: {}", setting.name,
                                       shown(value->second), source, setting.allowed));
  }
  return {};
}

std::expected<std::string, std::string> scalar_text(const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const auto number = node.value_exact<std::int64_t>()) return fmt::to_string(*number);
  if (const auto number = node.value_exact<double>()) return fmt::format("{}", *number);
  return std::unexpected("must be a string or a number");
}

std::expected<Values, std::string> read_file(const std::string& path) {
  const auto at = [&path](const toml::source_region& region) {
    return fmt::format("{}:{}:{}", path, region.begin.line, region.begin.column);
  };
  // What toml++ does not say, or reads as an empty file.
  const auto cannot = [&path](int error) {
    return std::unexpected(
        fmt::format("CONFIG: {}: {}", shown(path), std::generic_category().message(error)));
  };
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return cannot(EISDIR);
  if (::access(path.c_str(), R_OK) != 0) return cannot(errno);
  Values values;
  try {
    const auto document = toml::parse_file(path);
    for (const auto& [key, node] : document) {
      const auto setting = std::ranges::find(settings(), key.str(), &Setting::file_key);
      if (setting == settings().end() || setting->name == "CONFIG")
        return std::unexpected(fmt::format("CONFIG: {}: there is no setting \"{}\"; see jobqd --help",
                                           at(key.source()), shown(key.str())));
      const auto text = scalar_text(node);
      if (!text)
        return std::unexpected(fmt::format("CONFIG: {}: {} {}", at(node.source()), key.str(), text.error()));
      values[setting->name] = *text;
    }
  } catch (const toml::parse_error& error) {
    return std::unexpected(fmt::format("CONFIG: {}: {}", at(error.source()), shown(error.description())));
  }
  return values;
}

struct CommandLine {
  Values values;
  std::optional<Command> command;  ///< What to do instead of serving.
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
                                                 const Environment& environment) {
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
  if (!path.empty()) {
    const auto file = read_file(path);
    if (!file) return std::unexpected(file.error());
    if (auto applied = apply(config, *file, path); !applied) return std::unexpected(applied.error());
  }
  if (auto applied = apply(config, variables, "environment"); !applied)
    return std::unexpected(applied.error());
  if (auto applied = apply(config, flags->values, "flag"); !applied) return std::unexpected(applied.error());
  if (auto wrong = contradiction(config)) return std::unexpected(*std::move(wrong));
  return Serve{std::move(config)};
}

std::vector<std::pair<std::string_view, std::string>> effective_settings(const Config& config) {
  std::vector<std::pair<std::string_view, std::string>> all;
  for (const auto& setting : settings()) all.emplace_back(setting.name, setting.show(config));
  return all;
}

}  // namespace jobqd::app
