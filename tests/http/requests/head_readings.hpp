#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

/// One head read by both readers: the short way for plain heads, and Beast. For tests that compare them.
namespace jobqd::http {

struct HeadReadings {
  std::string plain;  ///< All that the short way read.
  std::string beast;  ///< All that Beast read, or why the head is refused or not plain.
};

inline constexpr std::size_t readings_max_head = 1000;
inline constexpr std::uint64_t readings_max_body = 5000;

/// Empty if the scanner refuses the head, or the fast path leaves it to Beast.
[[nodiscard]] std::optional<HeadReadings> read_head_twice(const std::string& head);

}  // namespace jobqd::http
