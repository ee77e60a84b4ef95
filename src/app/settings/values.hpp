#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <jobqd/base/clock.hpp>

/// How the values of settings are written, the same for flags, environment and file. Each read_ function
/// leaves `out` alone where it returns false.
namespace jobqd::app {

inline constexpr std::size_t kib = 1024;
inline constexpr std::size_t mib = 1024 * kib;
inline constexpr std::size_t gib = 1024 * mib;

inline constexpr base::milliseconds zero{0};
inline constexpr base::milliseconds one_ms{1};
inline constexpr base::milliseconds hour = std::chrono::hours{1};
inline constexpr base::milliseconds day = std::chrono::hours{24};
inline constexpr std::size_t most_jobs = 100'000'000;

template <class Number>
bool read_number(std::string_view text, Number low, Number high, Number& out) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || !(number >= low && number <= high))
    return false;
  out = number;
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
[[nodiscard]] std::string show_size(std::size_t bytes);

/// As TOML has it.
[[nodiscard]] std::string quoted(std::string_view text);
[[nodiscard]] std::string quoted(const std::vector<std::string>& texts);
[[nodiscard]] std::string quoted(base::milliseconds duration);

/// Why a lower bound cannot be so, by the names of both; empty where it is not above the upper one.
[[nodiscard]] std::optional<std::string> above(std::string_view low, base::milliseconds low_value,
                                               std::string_view high, base::milliseconds high_value);

}  // namespace jobqd::app
