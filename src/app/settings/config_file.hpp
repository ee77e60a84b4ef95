#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/settings/queue_settings.hpp"
#include "app/settings/settings.hpp"

namespace jobqd::app {

/// What is wrong, one line each, in the order in which it was found.
using Faults = std::vector<std::string>;

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
    bool is_complete = true;  ///< false: a key of its table was not understood.
  };
  std::vector<std::pair<const Setting*, Value>> settings;
  std::vector<Queue> queues;
  bool is_complete = true;  ///< false: a setting was not understood, or all of the file.
};

/// Reads TOML. Adds what is wrong to `faults`: the file, the place in it, and what is wrong; the result has
/// the rest. It refers to `kinds`, among which is "simulate", the kind of queues that name none.
[[nodiscard]] ConfigFile read_config_file(const std::string& path,
                                          std::span<const processors::ProcessorKind> kinds, Faults& faults);

/// Text from outside, escaped and cut so that a message stays on one line.
[[nodiscard]] std::string shown(std::string_view text);

}  // namespace jobqd::app
