#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <jobqd/base/clock.hpp>

namespace jobqd::base {

/// Reads an RFC 3339 date-time, offset included: `2026-11-24T08:00:00.250+01:00`. Digits past the millisecond
/// are cut off. A leap second (:60) is read as the second after it. Years 1970 to 9999. Empty for anything
/// else.
[[nodiscard]] std::optional<WallTime> parse_rfc3339(std::string_view text);

/// UTC with milliseconds: `2026-11-24T07:00:00.250Z`.
[[nodiscard]] std::string format_rfc3339(WallTime time);

}  // namespace jobqd::base
