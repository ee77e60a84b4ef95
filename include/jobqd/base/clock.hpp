#pragma once

#include <chrono>

namespace jobqd::base {

using std::chrono::milliseconds;

/// A point on the calendar, UTC, in milliseconds: what people and other programs see. It may jump.
using WallTime = std::chrono::sys_time<milliseconds>;

/// A point on the monotonic clock: what delays, timeouts and backoff are measured with. It never jumps, and
/// means nothing outside this process.
using SteadyTime = std::chrono::steady_clock::time_point;

/// One reading of both clocks. Decisions take a Now, they never ask for one.
struct Now {
  WallTime wall;
  SteadyTime steady;
};

/// Where time comes from. The only place that reads a clock; tests pass one they move by hand.
/// Implementations are thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Now now() const = 0;
};

/// The clocks of the operating system.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Now now() const override;
};

}  // namespace jobqd::base
