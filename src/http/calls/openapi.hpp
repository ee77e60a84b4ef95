#pragma once

#include <vector>

#include "http/route.hpp"

namespace jobqd::http {

/// What the API is, as OpenAPI 3.1: docs/openapi.yaml, which is part of the program as JSON. Has no state;
/// any thread.
class OpenApiCalls {
 public:
  [[nodiscard]] static std::vector<Route> routes();
};

}  // namespace jobqd::http
