#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "http/message.hpp"

namespace jobqd::http {

/// Who may use a route.
enum class Access : std::uint8_t {
  probe,    ///< Everyone, even on a connection beyond the limit: health probes.
  enqueue,  ///< Producers.
  work,     ///< Remote workers.
  read,     ///< Those who may see all jobs and queues.
  admin,    ///< Those who may change jobs and queues.
};

/// One call of the API: where it is, who may use it, and what answers it. None of the four has a default.
///
/// The pattern is a path; `{name}` stands for one segment of it, and `{name...}`, only at its end, for the
/// rest, slashes included and perhaps empty. It has one of them at most. Method and pattern outlive the
/// route.
struct Route {
  Route(std::string_view of_method, std::string_view at_pattern, Access for_access, Handler by_handler)
      : method(of_method), pattern(at_pattern), access(for_access), handler(std::move(by_handler)) {}

  std::string_view method;
  std::string_view pattern;
  Access access;
  Handler handler;
};

}  // namespace jobqd::http
