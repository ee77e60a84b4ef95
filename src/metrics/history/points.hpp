#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include <jobqd/http/queue_history.hpp>

/// Arithmetic of points: counts are added up, levels are those of the end.
namespace jobqd::metrics::history {

inline constexpr std::array counts_of_points{&http::HistoryPoint::enqueued, &http::HistoryPoint::started,
                                             &http::HistoryPoint::done, &http::HistoryPoint::failed};
inline constexpr std::array levels_of_points{&http::HistoryPoint::ready, &http::HistoryPoint::running,
                                             &http::HistoryPoint::oldest_ready};

/// The number, or the largest that fits.
[[nodiscard]] constexpr std::uint32_t saturated(std::uint64_t number) {
  constexpr std::uint64_t largest = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(number < largest ? number : largest);
}

/// What happened in the interval of `more` happened in that of `point` too.
constexpr void add_counts(http::HistoryPoint& point, const http::HistoryPoint& more) {
  for (const auto count : counts_of_points)
    point.*count = saturated(std::uint64_t{point.*count} + more.*count);
}

/// The interval of `point` ends with that of `last`.
constexpr void set_levels(http::HistoryPoint& point, const http::HistoryPoint& last) {
  for (const auto level : levels_of_points) point.*level = last.*level;
}

}  // namespace jobqd::metrics::history
