#include "processors/push/answer.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include <fmt/format.h>

#include <jobqd/base/characters.hpp>
#include <jobqd/base/number.hpp>
#include <jobqd/base/utf8.hpp>

#include "processors/push/http_date.hpp"

namespace jobqd::processors::push {

namespace {

using base::milliseconds;

constexpr milliseconds longest_wait = std::chrono::hours{24};
constexpr std::size_t shown_bytes = 300;

std::string error_of(const Answer& answer) {
  const std::string_view body = answer.body;
  const auto said = base::without_line_end(body.substr(0, base::whole_characters(body, shown_bytes)));
  auto error = fmt::format("HTTP {}", answer.status);
  if (!said.empty()) error.append(": ").append(said);
  return error;
}

bool contains(std::span<const std::uint16_t> codes, unsigned status) {
  return std::ranges::find(codes, status) != codes.end();
}

/// A receiver that answers so is up, and someone may put right what it complains about.
bool is_answered(unsigned status) {
  constexpr std::array<std::uint16_t, 4> codes{401, 403, 404, 410};
  return contains(codes, status);
}

bool is_retryable(unsigned status, const StatusRules& rules) {
  if (contains(rules.reject_on, status)) return false;
  return status >= 500 || is_answered(status) || asks_for_another_attempt(status) ||
         contains(rules.retry_on, status);
}

}  // namespace

bool asks_for_another_attempt(unsigned status) {
  constexpr std::array<std::uint16_t, 3> codes{408, 425, 429};
  return contains(codes, status);
}

engine::Outcome outcome_of(const Answer& answer, const StatusRules& rules, base::WallTime now) {
  if (answer.status >= 200 && answer.status < 300) return engine::Done{.result = answer.body};
  if (!is_retryable(answer.status, rules)) return engine::Fail{.error = error_of(answer)};
  const auto after = read_retry_after(answer.retry_after, now);
  const bool asks_to_wait = answer.status == 429 || answer.status == 503;
  if (after && asks_to_wait) return engine::Defer{.error = error_of(answer), .after = *after};
  return engine::Retry{.error = error_of(answer),
                       .at_least = after.value_or(milliseconds{0}),
                       .answered = is_answered(answer.status)};
}

std::optional<milliseconds> read_retry_after(std::string_view text, base::WallTime now) {
  if (!text.empty() && std::ranges::all_of(text, base::is_digit)) {
    const auto number = base::parse_number<std::uint32_t>(text);  // Without one it is beyond any limit.
    return number ? std::min<milliseconds>(std::chrono::seconds(*number), longest_wait) : longest_wait;
  }
  const auto then = parse_http_date(text, now);
  if (!then) return std::nullopt;
  return std::clamp(milliseconds(*then - now), milliseconds{0}, longest_wait);
}

}  // namespace jobqd::processors::push
