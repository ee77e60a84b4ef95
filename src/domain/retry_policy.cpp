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

/// The polynomial delay before retry n: 10 % above its middle for a fraction of 0, 10 % below for one of 1.
/// Source: the job queues Sidekiq, Faktory and River, which all wait for about the fourth power of the number
/// of failures, in seconds.
double polynomial_ms(std::uint32_t n, double fraction) {
  constexpr double least_s = 15;
  const auto middle = (std::pow(n, 4) + least_s) * 1'000;
  return middle + middle / 10 * (1.0 - 2.0 * fraction);
}

}  // namespace

base::milliseconds RetryPolicy::ceiling(std::uint32_t n) const {
  const bool polynomial = curve == Curve::polynomial;
  JOBQD_CHECK(n >= 1 && base.count() >= 1 && (polynomial || cap >= base) && factor >= 1);
  if (!delays.empty()) return delays[std::min<std::size_t>(n, delays.size()) - 1];
  if (polynomial) return rounded_up(polynomial_ms(n, 0), cap);
  return rounded_up(count(base) * std::pow(factor, n - 1), cap);
}

base::milliseconds RetryPolicy::delay(std::uint32_t n, double fraction) const {
  const auto longest = ceiling(n);
  if (!delays.empty()) return longest;
  if (curve == Curve::polynomial) return rounded_up(polynomial_ms(n, fraction), cap);
  if (jitter == Jitter::none) return longest;
  const auto chance = jitter == Jitter::full ? 1.0 : 0.5;
  return std::max(base::milliseconds{1}, rounded_up(count(longest) * (1.0 - chance * fraction), longest));
}

}  // namespace jobqd::domain
