#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <jobqd/base/clock.hpp>
#include <jobqd/engine/processor.hpp>

namespace jobqd::processors::push {

/// A receiver's response.
struct Answer {
  unsigned status = 0;
  std::string retry_after = {};  ///< The header; empty: none.
  std::string body = {};         ///< As much of it as was read: at most limits::result_bytes + 1.
};

/// What an answer means for the attempt. `retry_on`: more status codes that are worth another attempt.
[[nodiscard]] engine::Outcome outcome_of(const Answer& answer, std::span<const std::uint16_t> retry_on,
                                         base::WallTime now);

/// Reads Retry-After (RFC 9110, section 10.2.3): seconds, or a date in any form of HTTP. Empty for anything
/// else. At most a day, so that a receiver cannot put a job off for longer; a date in the past is no wait at
/// all.
[[nodiscard]] std::optional<base::milliseconds> read_retry_after(std::string_view text, base::WallTime now);

}  // namespace jobqd::processors::push
