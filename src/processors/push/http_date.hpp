#pragma once

#include <optional>
#include <string_view>

#include <jobqd/base/clock.hpp>

namespace jobqd::processors::push {

/// Reads an HTTP-date in any of the three forms that RFC 9110 (section 5.6.7) requires: IMF-fixdate
/// `Sun, 06 Nov 1994 08:49:37 GMT`, RFC 850 `Sunday, 06-Nov-94 08:49:37 GMT` and asctime `Sun Nov  6 08:49:37
/// 1994`. Empty for anything else. The day of the week is not compared with the date. A year of two digits is
/// the latest one that makes the date at most 50 years later than `now`.
[[nodiscard]] std::optional<base::WallTime> parse_http_date(std::string_view text, base::WallTime now);

}  // namespace jobqd::processors::push
