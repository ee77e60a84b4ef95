#pragma once

#include <cstdint>

#include <jobqd/base/clock.hpp>

namespace jobqd::domain {

/// How fast something may happen: `per_second` in the long run, up to `burst` times at once.
struct RateLimit {
  double per_second = 0;    ///< 0.001 to 1,000,000; 0: no limit.
  std::uint32_t burst = 1;  ///< 1 to 1,000,000.
  [[nodiscard]] bool limits() const { return per_second > 0; }
  bool operator==(const RateLimit&) const = default;
};

/// Enforces a rate limit. Pure: the caller passes the time, which must not go back. Not thread-safe.
/// Source: the generic cell rate algorithm, virtual scheduling (ITU-T I.371), whose only state is one point
/// in time.
class RateLimiter {
 public:
  explicit RateLimiter(RateLimit limit);

  /// Whether an event may happen at `now`; if so, it counts.
  bool take(base::SteadyTime now);

  /// Takes back the latest take(): it did not happen after all.
  void give_back() { due_ -= interval_; }

  /// The earliest time at which take() will be true.
  [[nodiscard]] base::SteadyTime next() const { return due_ - tolerance_; }

 private:
  base::SteadyTime::duration interval_;   ///< Between two events, in the long run.
  base::SteadyTime::duration tolerance_;  ///< How early an event may come.
  base::SteadyTime due_ = base::SteadyTime::min() + std::chrono::hours{24 * 366};
};

}  // namespace jobqd::domain
