#pragma once

#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>
#include <system_error>

namespace jobqd::base {

/// all - part, or 0 where part is larger (std::sub_sat of C++26).
[[nodiscard]] constexpr std::size_t sub_sat(std::size_t all, std::size_t part) {
  return part < all ? all - part : 0;
}

/// Reads a number that takes up the whole text: decimal, without blanks and without a plus sign. Empty for
/// anything else and for what `Number` cannot hold. For a floating-point type `inf` and `nan` are numbers.
template <class Number>
[[nodiscard]] std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace jobqd::base
