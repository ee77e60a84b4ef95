#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace jobqd::http {

/// One call of the API. A pattern is a path in which one `{name}` stands for a segment.
struct Route {
  std::string_view method;
  std::string_view pattern;
  Handler handler;
};

/// Finds the handler of a request and answers what none is for: 404, 405 with Allow, OPTIONS; HEAD is as GET.
class Router {
 public:
  explicit Router(std::vector<Route> routes) : routes_(std::move(routes)) {}

  void operator()(Request& request, ExchangePtr exchange) const;

  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  [[nodiscard]] std::string allowed_methods(std::string_view path) const;

  std::vector<Route> routes_;
};

}  // namespace jobqd::http
