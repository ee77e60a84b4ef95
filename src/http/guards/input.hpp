#pragma once

#include <optional>

#include <jobqd/domain/error.hpp>

#include "http/route.hpp"

namespace jobqd::http {

/// Refuses query parameters that the route does not take or that are given twice, and a body where it takes
/// none. A Guard.
[[nodiscard]] std::optional<domain::Error> check_input(const Request& request, const Route* route);

}  // namespace jobqd::http
