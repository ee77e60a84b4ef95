#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <jobqd/app/config.hpp>

namespace jobqd::app {

/// One setting: its name everywhere, what it means, what is allowed, how it is read and shown.
struct Setting {
  std::string_view name;     ///< The environment variable; flag and file key follow from it.
  std::string_view meaning;  ///< For --help.
  std::string_view allowed;  ///< For errors and --help.
  bool (*read)(Config& config, std::string_view text);  ///< false: not allowed, config unchanged.
  std::string (*show)(const Config& config);            ///< Reads back.

  [[nodiscard]] std::string flag() const;      ///< `--queue-size`
  [[nodiscard]] std::string file_key() const;  ///< `queue_size`
};

/// All of them, in the order of --help.
[[nodiscard]] std::span<const Setting> settings();

/// What no single value shows: a minimum above its maximum.
[[nodiscard]] std::optional<std::string> contradiction(const Config& config);

}  // namespace jobqd::app
