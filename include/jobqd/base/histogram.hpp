#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace jobqd::base {

/// Counts values by ranges. `bounds` are the upper bounds of all ranges but the last, ascending; as in
/// Prometheus, a bound belongs to the range below it. Not thread-safe.
template <auto bounds>
class Histogram {
 public:
  static constexpr auto upper_bounds = bounds;

  void add(std::int64_t value) {
    std::size_t range = 0;  // Not a binary search: small values are the frequent ones.
    while (range < bounds.size() && bounds[range] < value) ++range;
    if (++low_[range] == 0) ++high_[range];
    sum_ += value;
  }

  /// Values in each range, in the order of the bounds, then those above the last bound.
  [[nodiscard]] auto counts() const {
    std::array<std::uint64_t, bounds.size() + 1> counts{};
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = std::uint64_t{high_[i]} << 32 | low_[i];
    return counts;
  }
  [[nodiscard]] std::int64_t sum() const { return sum_; }
  [[nodiscard]] std::uint64_t total() const {
    std::uint64_t all = 0;
    for (const auto count : counts()) all += count;
    return all;
  }

 private:
  std::int64_t sum_ = 0;
  // In two halves, so that what changes with each value lies close together: one or two lines of the cache.
  std::array<std::uint32_t, bounds.size() + 1> low_{};
  std::array<std::uint32_t, bounds.size() + 1> high_{};
};

/// From a millisecond to an hour, in microseconds.
inline constexpr std::array<std::int64_t, 17> bounds_of_times{
    1'000,      5'000,      10'000,      25'000,        50'000,       100'000,
    250'000,    500'000,    1'000'000,   2'500'000,     5'000'000,    10'000'000,
    30'000'000, 60'000'000, 300'000'000, 1'800'000'000, 3'600'000'000};

/// Durations, in microseconds.
template <auto bounds = bounds_of_times>
class DurationHistogram : public Histogram<bounds> {
 public:
  void add(std::chrono::nanoseconds duration) {
    Histogram<bounds>::add(std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
  }
};

}  // namespace jobqd::base
