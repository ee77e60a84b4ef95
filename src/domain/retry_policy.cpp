#include <jobqd/domain/retry_policy.hpp>

#include <algorithm>
#include <cmath>

#include <jobqd/base/check.hpp>

namespace jobqd::domain {

namespace {

double count(base::milliseconds duration) {
  return static_cast<double>(duration.count());
}

/// `ms` in whole milliseconds, at most `longest`. It may be more than a duration can hold.
base::milliseconds rounded_up(double ms, base::milliseconds longest) {
  const auto whole = std::ceil(ms);
  // Compared before the cast, because the longest duration rounds up to a double that does not fit an
  // integer.
  return whole < count(longest) ? base::milliseconds(static_cast<base::milliseconds::rep>(whole)) : longest;
}

}  // namespace

base::milliseconds RetryPolicy::ceiling(std::uint32_t n) const {
  JOBQD_CHECK(n >= 1 && base.count() >= 1 && cap >= base && factor >= 1);
  if (!delays.empty()) return delays[std::min<std::size_t>(n, delays.size()) - 1];
  return rounded_up(count(base) * std::pow(factor, n - 1), cap);
}

base::milliseconds RetryPolicy::delay(std::uint32_t n, double fraction) const {
  const auto longest = ceiling(n);
  if (!delays.empty() || jitter == Jitter::none) return longest;
  const auto chance = jitter == Jitter::full ? 1.0 : 0.5;
  return std::max(base::milliseconds{1}, rounded_up(count(longest) * (1.0 - chance * fraction), longest));
}

}  // namespace jobqd::domain
