#pragma once

#include <mutex>

#include <jobqd/domain/check.hpp>
#include <jobqd/domain/clock.hpp>

namespace jobqd::support {

/// Stands still until a test moves it: 2026-01-01 00:00 UTC, one hour after the machine came up. Thread-safe.
class ManualClock final : public domain::Clock {
 public:
  [[nodiscard]] domain::Now now() const override {
    const std::scoped_lock lock(mutex_);
    return now_;
  }

  void advance(domain::milliseconds by) {
    JOBQD_CHECK(by.count() >= 0);
    const std::scoped_lock lock(mutex_);
    now_.wall += by;
    now_.steady += by;
  }

  /// Somebody sets the calendar; the monotonic clock does not notice.
  void jump_wall(domain::milliseconds by) {
    const std::scoped_lock lock(mutex_);
    now_.wall += by;
  }

 private:
  mutable std::mutex mutex_;
  domain::Now now_{
      .wall = std::chrono::sys_days{std::chrono::January / 1 / 2026},
      .steady = domain::SteadyTime{std::chrono::hours{1}},
  };
};

}  // namespace jobqd::support
