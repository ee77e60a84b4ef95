#pragma once

#include <cstdint>
#include <vector>

#include <jobqd/base/clock.hpp>

namespace jobqd::domain {

/// How much of a delay is random, so that jobs that failed together are not retried together.
/// Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
enum class Jitter : std::uint8_t {
  full,   ///< Uniform in (0, longest].
  equal,  ///< Uniform in [longest/2, longest].
  none,   ///< Always the longest.
};

/// How the delay grows from retry to retry.
enum class Curve : std::uint8_t {
  exponential,  ///< base * factor^(n-1), less what the jitter takes off.
  polynomial,   ///< n^4 + 15 seconds, 10 % more or less: the curve of Sidekiq, Faktory and River.
};

/// The delay before each retry: exponential or polynomial backoff, or a list of delays.
struct RetryPolicy {
  base::milliseconds base{100};    ///< At least 1 ms.
  base::milliseconds cap{30'000};  ///< At least base.
  double factor = 2;               ///< 1 to 100.
  Jitter jitter = Jitter::full;
  /// If not empty, used as they are instead of all others; the last one repeats.
  std::vector<base::milliseconds> delays = {};
  Curve curve = Curve::exponential;  ///< The polynomial one uses neither base nor factor nor jitter.

  /// The longest delay before retry n (n >= 1): min(cap, base * factor^(n-1)), or min(cap, 1.1 * (n^4 + 15
  /// s)); clamped before it can overflow.
  [[nodiscard]] base::milliseconds ceiling(std::uint32_t n) const;

  /// The delay before retry n for a random fraction in [0, 1): at most ceiling(n), and zero only where
  /// `delays` says so.
  [[nodiscard]] base::milliseconds delay(std::uint32_t n, double fraction) const;

  bool operator==(const RetryPolicy&) const = default;
};

}  // namespace jobqd::domain
