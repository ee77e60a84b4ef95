#pragma once

#include <array>

#include "app/settings/settings.hpp"

namespace jobqd::app {

/// The settings of the HTTP server, in the order of --help.
extern const std::array<Setting, 8> http_settings;

/// Addresses and TLS settings that do not fit together: one line.
[[nodiscard]] std::optional<std::string> http_contradiction(const Config& config);

}  // namespace jobqd::app
