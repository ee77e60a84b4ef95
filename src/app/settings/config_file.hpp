#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "app/settings/queue_settings.hpp"
#include "app/settings/settings.hpp"

namespace jobqd::app {

/// What a CONFIG file says: known keys with their values, which nobody has judged yet.
struct ConfigFile {
  struct Value {
    std::vector<std::string> texts;  ///< One, or the elements of a list.
    std::string place;               ///< `jobqd.toml:3:11`
  };
  struct Queue {
    std::string name;
    std::vector<std::pair<const QueueSetting*, Value>> values;
  };
  std::vector<std::pair<const Setting*, Value>> settings;
  std::vector<Queue> queues;
};

/// Reads TOML. The error is one line: the file, where in it, and what is wrong.
[[nodiscard]] std::expected<ConfigFile, std::string> read_config_file(const std::string& path);

/// Text from outside, so that a message stays on its line.
[[nodiscard]] std::string shown(std::string_view text);

}  // namespace jobqd::app
