#include <jobqd/domain/rate_limit.hpp>

#include <algorithm>
#include <cmath>

#include <jobqd/base/check.hpp>

namespace jobqd::domain {

RateLimiter::RateLimiter(RateLimit limit)
    : interval_(limit.limits() ? std::llround(1e9 / limit.per_second) : 0),
      tolerance_(interval_ * (limit.burst - 1)) {
  JOBQD_CHECK(limit.burst >= 1);
}

bool RateLimiter::take(base::SteadyTime now) {
  if (now < next()) return false;
  due_ = std::max(due_, now) + interval_;
  return true;
}

}  // namespace jobqd::domain
