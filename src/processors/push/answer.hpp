#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/engine/processor.hpp>

namespace jobqd::processors::push {

/// A receiver's response.
struct Answer {
  unsigned status = 0;
  std::string retry_after = {};  ///< The header; empty: none.
  std::string body = {};         ///< As much of it as was read: at most limits::result_bytes + 1.
};

/// Status codes that mean something else for a receiver than they usually do. No code is in both.
struct StatusRules {
  std::vector<std::uint16_t> retry_on = {};   ///< Worth another attempt.
  std::vector<std::uint16_t> reject_on = {};  ///< The job fails at once.
};

/// Whether the status code asks for another attempt: 408, 425, 429.
[[nodiscard]] bool asks_for_another_attempt(unsigned status);

/// What an answer means for the attempt. 2xx is success. 408, 425, 429 and 5xx may pass, and so may 401, 403,
/// 404 and 410, which a wrong secret or a faulty deployment of the receiver leads to as well: but whoever
/// answers them is up. Everything else is a refusal for good.
[[nodiscard]] engine::Outcome outcome_of(const Answer& answer, const StatusRules& rules, base::WallTime now);

/// Reads Retry-After (RFC 9110, section 10.2.3): seconds, or a date in any form of HTTP. Empty for anything
/// else. At most a day, so that a receiver cannot put a job off for longer; a date in the past is no wait at
/// all.
[[nodiscard]] std::optional<base::milliseconds> read_retry_after(std::string_view text, base::WallTime now);

}  // namespace jobqd::processors::push
