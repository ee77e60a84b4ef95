#pragma once

#include <span>
#include <string_view>

#include "app/settings/config.hpp"
#include "app/settings/config_file.hpp"

namespace jobqd::app {

/// Makes the queues of the configuration: the default queue, and those of the file. What the table of a queue
/// does not say comes from the settings, or has a default of its own. Adds what is wrong to `faults`.
///
/// settings_are_known: the settings in `config` are those that were wanted, so that it makes sense to compare
/// queues with them.
void make_queues(Config& config, const ConfigFile& file, std::span<const processors::ProcessorKind> kinds,
                 bool settings_are_known, Faults& faults);

/// The setting that gives a key of a queue its value, so that the queue's table must not: those of the
/// default queue. Empty for all others.
[[nodiscard]] std::string_view set_elsewhere(std::string_view queue, std::string_view key);

}  // namespace jobqd::app
