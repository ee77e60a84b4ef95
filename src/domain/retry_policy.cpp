#include <jobqd/domain/retry_policy.hpp>

#include <algorithm>
#include <cmath>

#include <jobqd/domain/check.hpp>

namespace jobqd::domain {

milliseconds RetryPolicy::ceiling(std::uint32_t n) const {
  JOBQD_CHECK(n >= 1 && base.count() >= 1 && cap >= base);
  const std::uint32_t doublings = n - 1;
  // base << doublings would pass cap (and soon overflow): compare with cap shifted down instead.
  if (doublings >= 62 || base.count() > (cap.count() >> doublings)) return cap;
  return milliseconds(base.count() << doublings);
}

milliseconds RetryPolicy::delay(std::uint32_t n, double fraction) const {
  const auto longest = ceiling(n);
  const auto wait = std::ceil(static_cast<double>(longest.count()) * (1.0 - fraction));
  // Compared before it is cast: the longest of all delays rounds up to a double that no integer holds.
  if (wait >= static_cast<double>(longest.count())) return longest;
  return std::max(milliseconds{1}, milliseconds(static_cast<milliseconds::rep>(wait)));
}

}  // namespace jobqd::domain
