#pragma once

#include <cstdint>

#include <jobqd/domain/clock.hpp>

namespace jobqd::domain {

/// Exponential backoff with full jitter: the wait before retry n is uniform in (0, min(cap, base * 2^(n-1))].
/// Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 ("Full Jitter").
struct RetryPolicy {
  milliseconds base{100};    ///< At least 1 ms.
  milliseconds cap{30'000};  ///< At least base.

  /// The longest wait before retry n (n >= 1), for any n: clamped before the power can overflow.
  [[nodiscard]] milliseconds ceiling(std::uint32_t n) const;

  /// The wait before retry n for a random fraction in [0, 1). Never zero, never above ceiling(n).
  [[nodiscard]] milliseconds delay(std::uint32_t n, double fraction) const;

  bool operator==(const RetryPolicy&) const = default;
};

}  // namespace jobqd::domain
