#pragma once

#include <jobqd/base/clock.hpp>

namespace jobqd::stores::embedded {

/// Translates times of the calendar into times of the steady clock, which the store works with.
///
/// The calendar is read in whole milliseconds, so the distance between two readings of the clocks varies by
/// up to a millisecond. Jobs with the same time on the calendar have to become due in the order in which they
/// were enqueued, so one distance is kept until it would be too early or the calendar jumps. Not thread-safe.
class Calendar {
 public:
  /// When the calendar will show `time`, and never earlier.
  [[nodiscard]] base::SteadyTime steady(base::Now now, base::WallTime time) {
    const auto drift = (now.wall - reading_.wall) - (now.steady - reading_.steady);
    const bool unchanged = drift >= base::milliseconds{0} && drift < base::milliseconds{1};
    if (!unchanged) reading_ = now;
    return reading_.steady + (time - reading_.wall);
  }

 private:
  base::Now reading_{};
};

}  // namespace jobqd::stores::embedded
