#pragma once

#include <cstdint>

#include <jobqd/base/clock.hpp>

namespace jobqd::domain {

/// How fast something may happen: `per_second` in the long run, up to `burst` times at once.
struct RateLimit {
  double per_second = 0;    ///< 0.001 to 1,000,000; 0: as fast as it likes.
  std::uint32_t burst = 1;  ///< 1 to 1,000,000.
  [[nodiscard]] bool limits() const { return per_second > 0; }
  bool operator==(const RateLimit&) const = default;
};

/// Holds to a rate limit. Pure: it is told the time, which must not go back. Not thread-safe.
/// Source: the generic cell rate algorithm, virtual scheduling (ITU-T I.371): all it has to remember is one
/// time.
class RateLimiter {
 public:
  explicit RateLimiter(RateLimit limit);

  /// Whether it may happen now; then it has happened.
  bool take(base::SteadyTime now);

  /// Takes back the latest take(): it did not happen after all.
  void give_back() { due_ -= interval_; }

  /// The earliest time at which take() will be true.
  [[nodiscard]] base::SteadyTime next() const { return due_ - tolerance_; }

 private:
  base::SteadyTime::duration interval_;   ///< Between two times, in the long run.
  base::SteadyTime::duration tolerance_;  ///< How much too early it may be.
  base::SteadyTime due_ = base::SteadyTime::min() + std::chrono::hours{24 * 366};
};

}  // namespace jobqd::domain
