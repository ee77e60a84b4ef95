#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <jobqd/base/clock.hpp>

namespace jobqd::base {

/// Reads `250ms`, `30s`, `5m`, `1h30m`, `2d`: whole numbers with units, largest first, each unit once.
/// Empty for anything else and for what does not fit.
[[nodiscard]] std::optional<milliseconds> parse_duration(std::string_view text);

/// The shortest text that parse_duration() reads back: `1h30m`, `0s`. `duration` >= 0.
[[nodiscard]] std::string format_duration(milliseconds duration);

}  // namespace jobqd::base
