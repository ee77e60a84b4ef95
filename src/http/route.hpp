#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.hpp"

namespace jobqd::http {

/// Who may use a route.
enum class Access : std::uint8_t {
  probe,    ///< Everyone, even on a connection beyond the limit: health probes.
  open,     ///< Everyone: what every daemon answers alike.
  enqueue,  ///< Producers.
  work,     ///< Remote workers.
  read,     ///< Those who may see all jobs and queues.
  admin,    ///< Those who may change jobs and queues.
};

/// What a route takes besides its path. Anything else is refused before the handler sees it, so that a
/// misspelt parameter is never ignored. Probes are not checked.
struct RouteInput {
  std::vector<std::string_view> query = {};  ///< The names of its query parameters, each given once at most.
  bool body = false;
  bool waits = false;  ///< Its body may ask for a wait. A query parameter of that name is `wait`.
};

/// One call of the API: where it is, who may use it, what it takes, and what answers it. None has a default.
///
/// The pattern is a path; `{name}` stands for one segment of it, and `{name...}`, only at its end, for the
/// rest, slashes included and perhaps empty. It has one of them at most. Method and pattern outlive the
/// route.
struct Route {
  Route(std::string_view of_method, std::string_view at_pattern, Access for_access, RouteInput with_input,
        Handler by_handler)
      : method(of_method),
        pattern(at_pattern),
        access(for_access),
        input(std::move(with_input)),
        handler(std::move(by_handler)) {}

  std::string_view method;
  std::string_view pattern;
  Access access;
  RouteInput input;
  Handler handler;
};

}  // namespace jobqd::http
