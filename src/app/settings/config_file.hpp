#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/settings/queue_settings.hpp"
#include "app/settings/settings.hpp"

namespace jobqd::app {

/// What a CONFIG file says: known keys with their values, which have not been checked yet.
struct ConfigFile {
  struct Value {
    std::vector<std::string> texts;  ///< One, or the elements of a list.
    std::string place;               ///< `jobqd.toml:3:11`
  };
  struct Queue {
    std::string name;
    const processors::ProcessorKind* kind;  ///< Of its processor.
    std::vector<std::pair<QueueKey, Value>> values;
  };
  std::vector<std::pair<const Setting*, Value>> settings;
  std::vector<Queue> queues;
};

/// Reads TOML. The error is one line: the file, the place in it, and what is wrong. The result refers to
/// `kinds`, among which is "simulate", the kind of queues that name none.
[[nodiscard]] std::expected<ConfigFile, std::string> read_config_file(
    const std::string& path, std::span<const processors::ProcessorKind> kinds);

/// Text from outside, escaped and cut so that a message stays on one line.
[[nodiscard]] std::string shown(std::string_view text);

}  // namespace jobqd::app
