#pragma once

#include <string>

#include <jobqd/base/clock.hpp>
#include <jobqd/base/random.hpp>

namespace jobqd::http {

/// A UUID version 7 (RFC 9562 section 5.7): 48 bits of milliseconds, then 74 random bits. Sorts by time.
[[nodiscard]] std::string make_uuid7(base::WallTime now, base::Random& random);

}  // namespace jobqd::http
