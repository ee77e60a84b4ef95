#pragma once

#include <mutex>

#include <jobqd/base/check.hpp>
#include <jobqd/base/clock.hpp>

namespace jobqd::support {

/// Stands still until a test moves it: 2026-01-01 00:00 UTC, one hour after the machine came up. Thread-safe.
class ManualClock final : public base::Clock {
 public:
  [[nodiscard]] base::Now now() const override {
    const std::scoped_lock lock(mutex_);
    return now_;
  }

  void advance(base::milliseconds by) {
    JOBQD_CHECK(by.count() >= 0);
    const std::scoped_lock lock(mutex_);
    now_.wall += by;
    now_.steady += by;
  }

  /// Sets the system time, as an administrator may; the monotonic clock does not change.
  void jump_wall(base::milliseconds by) {
    const std::scoped_lock lock(mutex_);
    now_.wall += by;
  }

 private:
  mutable std::mutex mutex_;
  base::Now now_{
      .wall = std::chrono::sys_days{std::chrono::January / 1 / 2026},
      .steady = base::SteadyTime{std::chrono::hours{1}},
  };
};

}  // namespace jobqd::support
