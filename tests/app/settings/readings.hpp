#pragma once

#include <expected>
#include <fstream>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/settings/config.hpp"
#include "support/temporary_folder.hpp"

/// Reads configurations for a test, without the environment of this process.
namespace jobqd::app {

using Variables = std::map<std::string, std::string, std::less<>>;

inline std::expected<Command, std::string> read(
    std::vector<const char*> flags, const Variables& variables = {},
    std::span<const processors::ProcessorKind> kinds = processors::built_in_kinds()) {
  flags.insert(flags.begin(), "jobqd");
  const auto variable = [&](std::string_view name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  return read_command(flags, variable, kinds);
}

inline Config config_of(const std::expected<Command, std::string>& command) {
  if (!command) throw std::runtime_error(command.error());
  return std::get<Serve>(*command).config;
}

inline std::string error_of(const std::expected<Command, std::string>& command) {
  return command ? "none" : command.error();
}

/// What --check-config prints.
inline std::string printed(std::vector<const char*> flags) {
  flags.push_back("--check-config");
  const auto command = read(std::move(flags));
  return command ? std::get<Print>(*command).text : "refused: " + command.error();
}

/// A TOML file that is removed after the test.
class File {
 public:
  explicit File(std::string_view text) { std::ofstream(path_) << text; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  const support::TemporaryFolder folder_;
  const std::string path_ = (folder_ / "jobqd.toml").string();
};

}  // namespace jobqd::app
