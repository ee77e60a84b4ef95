#include <jobqd/domain/retry_policy.hpp>

#include <algorithm>
#include <cmath>

#include <jobqd/base/check.hpp>

namespace jobqd::domain {

namespace {

double count(base::milliseconds duration) {
  return static_cast<double>(duration.count());
}

/// Of a number that may be larger than every duration.
base::milliseconds rounded_up(double ms, base::milliseconds longest) {
  const auto whole = std::ceil(ms);
  // Compared before it is cast: the longest of all durations rounds up to a double that no integer holds.
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
