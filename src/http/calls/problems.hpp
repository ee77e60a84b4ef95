#pragma once

#include <vector>

#include "http/route.hpp"

namespace jobqd::http {

/// What the `type` of a problem leads to: the section of docs/problems.md that explains it, which is part of
/// the program. Has no state; any thread.
class ProblemCalls {
 public:
  [[nodiscard]] static std::vector<Route> routes();
};

}  // namespace jobqd::http
