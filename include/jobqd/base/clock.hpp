#pragma once

#include <chrono>

namespace jobqd::base {

using std::chrono::milliseconds;

/// A point on the calendar, UTC, in milliseconds: what people and other programs see. It may jump.
using WallTime = std::chrono::sys_time<milliseconds>;

/// A point on the monotonic clock, by which delays, timeouts and backoff are measured. It never jumps, and
/// means nothing outside this process.
using SteadyTime = std::chrono::steady_clock::time_point;

/// One reading of both clocks. Code that decides takes a Now and reads no clock.
struct Now {
  WallTime wall;
  SteadyTime steady;
};

/// The source of time, and the only code that reads a clock. Tests pass one that they move by hand.
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
