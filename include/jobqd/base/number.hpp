#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace jobqd::base {

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
