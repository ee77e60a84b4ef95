#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace jobqd::base {

inline constexpr std::size_t kib = 1024;
inline constexpr std::size_t mib = 1024 * kib;
inline constexpr std::size_t gib = 1024 * mib;

/// Reads a number of bytes: `64KiB`, `1MiB`, `2GiB`, `100B` or `100`. Empty for anything else and for what
/// does not fit.
[[nodiscard]] std::optional<std::size_t> parse_size(std::string_view text);

/// The number of bytes in the largest unit that divides it: `1MiB`, `1025B`. parse_size() reads it back.
[[nodiscard]] std::string format_size(std::size_t bytes);

}  // namespace jobqd::base
