#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include <jobqd/base/clock.hpp>
#include <jobqd/base/number.hpp>

/// How the values of settings are written: the same for flags, the environment and the file. Each read_
/// function returns false where the value is not allowed, and then leaves `out` alone. Bounds are included.
namespace jobqd::app {

inline constexpr base::milliseconds zero{0};
inline constexpr base::milliseconds one_ms{1};
inline constexpr base::milliseconds minute = std::chrono::minutes{1};
inline constexpr base::milliseconds hour = std::chrono::hours{1};
inline constexpr base::milliseconds day = std::chrono::hours{24};
inline constexpr base::milliseconds longest_backoff = 30 * day;
inline constexpr std::size_t most_jobs = 100'000'000;
inline constexpr std::size_t least_memory_budget = 64UL * 1024;

template <class Number>
bool read_number(std::string_view text, Number low, Number high, Number& out) {
  const auto number = base::parse_number<Number>(text);
  if (!number || !(*number >= low && *number <= high)) return false;  // NaN is neither.
  out = *number;
  return true;
}

template <class Enum, std::size_t count>
bool read_choice(std::string_view text, const std::array<std::string_view, count>& names, Enum& out) {
  const auto found = std::ranges::find(names, text);
  if (found == names.end()) return false;
  out = static_cast<Enum>(found - names.begin());
  return true;
}

bool read_duration(std::string_view text, base::milliseconds low, base::milliseconds high,
                   base::milliseconds& out);
bool read_size(std::string_view text, std::size_t low, std::size_t high, std::size_t& out);

/// The value as TOML has it, in quotes.
[[nodiscard]] std::string quoted(std::string_view text);
[[nodiscard]] std::string quoted(base::milliseconds duration);

}  // namespace jobqd::app
