#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "app/settings/config.hpp"

namespace jobqd::app {

/// One setting: its name, its meaning, what is allowed, and how it is read and shown.
struct Setting {
  std::string_view name;     ///< The environment variable; flag and file key follow from it.
  std::string_view meaning;  ///< For --help.
  std::string_view allowed;  ///< For errors and --help.
  bool (*read)(Config& config, std::string_view text);  ///< false: not allowed; config is as it was.
  std::string (*show)(const Config& config);            ///< read() takes it back.

  [[nodiscard]] std::string flag() const;      ///< `--queue-size`
  [[nodiscard]] std::string file_key() const;  ///< `queue_size`
};

/// All settings, in the order of --help.
[[nodiscard]] std::span<const Setting> settings();

/// What no single value shows, such as a minimum above its maximum: one line.
[[nodiscard]] std::optional<std::string> contradiction(const Config& config);

}  // namespace jobqd::app
