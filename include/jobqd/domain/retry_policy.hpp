#pragma once

#include <cstdint>
#include <vector>

#include <jobqd/base/clock.hpp>

namespace jobqd::domain {

/// How much of a wait is left to chance, so that jobs that failed together do not come back together.
/// Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
enum class Jitter : std::uint8_t {
  full,   ///< Uniform in (0, longest].
  equal,  ///< Uniform in [longest/2, longest].
  none,   ///< Always the longest.
};

/// How long to wait before each retry: exponential backoff with jitter, or a list of waits.
struct RetryPolicy {
  base::milliseconds base{100};    ///< At least 1 ms.
  base::milliseconds cap{30'000};  ///< At least base.
  double factor = 2;               ///< 1 to 100.
  Jitter jitter = Jitter::full;
  std::vector<base::milliseconds> delays =
      {};  ///< Not empty: these, exactly, and the last for all that follow.

  /// The longest wait before retry n (n >= 1), for any n: min(cap, base * factor^(n-1)), clamped before it
  /// can overflow.
  [[nodiscard]] base::milliseconds ceiling(std::uint32_t n) const;

  /// The wait before retry n for a random fraction in [0, 1). Never zero but from `delays`, never above
  /// ceiling(n).
  [[nodiscard]] base::milliseconds delay(std::uint32_t n, double fraction) const;

  bool operator==(const RetryPolicy&) const = default;
};

}  // namespace jobqd::domain
