#pragma once

#include <cstdint>
#include <optional>

namespace jobqd::metrics {

/// What Linux says of this process. A figure is missing where /proc cannot be read.
struct ProcessFigures {
  std::optional<double> cpu_seconds = {};  ///< User and system time.
  std::optional<double> start_time = {};   ///< Seconds since 1970.
  std::optional<std::uint64_t> virtual_bytes = {};
  std::optional<std::uint64_t> resident_bytes = {};
  std::optional<std::uint64_t> open_descriptors = {};
  std::optional<std::uint64_t> most_descriptors = {};  ///< The soft limit.
};

/// Any thread.
[[nodiscard]] ProcessFigures read_process_figures();

}  // namespace jobqd::metrics
