#include "http/calls/router.hpp"

#include <optional>

#include <boost/url/decode_view.hpp>
#include <boost/url/pct_string_view.hpp>
#include <fmt/format.h>

namespace jobqd::http {

namespace {

/// The text that stands for the placeholder, not yet decoded; empty text where the pattern has none.
std::optional<std::string_view> match(std::string_view pattern, std::string_view path) {
  const auto hole = pattern.find('{');
  if (hole == std::string_view::npos)
    return pattern == path ? std::optional(std::string_view{}) : std::nullopt;
  const auto head = pattern.substr(0, hole);
  const auto tail = pattern.substr(pattern.find('}') + 1);
  if (path.size() <= head.size() + tail.size() || !path.starts_with(head) || !path.ends_with(tail))
    return std::nullopt;
  const auto filling = path.substr(head.size(), path.size() - head.size() - tail.size());
  return filling.contains('/') ? std::nullopt : std::optional(filling);
}

std::string decoded(std::string_view text) {
  const boost::urls::pct_string_view encoded(text.data(), text.size());
  std::string plain;
  for (const char c : boost::urls::decode_view(encoded)) plain.push_back(c);
  return plain;
}

Response options_response(std::string allow) {
  return {.status = 204, .content_type = "", .headers = {{"Allow", std::move(allow)}}};
}

}  // namespace

void Router::operator()(Request& request, ExchangePtr exchange) const {
  const std::string_view method = request.method == "HEAD" ? "GET" : request.method;
  if (request.path == "*") return exchange->respond(options_response("GET, HEAD, POST, DELETE, OPTIONS"));
  for (const auto& route : routes_) {
    if (route.method != method) continue;
    const auto filling = match(route.pattern, request.path);
    if (!filling) continue;
    request.id = decoded(*filling);
    request.route = route.pattern;
    return route.handler(request, std::move(exchange));
  }
  std::string allow = allowed_methods(request.path);
  if (allow.empty())
    return exchange->respond(problem({.code = domain::ErrorCode::not_found,
                                      .detail = fmt::format("there is nothing at {}", request.path)}));
  if (method == "OPTIONS") return exchange->respond(options_response(std::move(allow)));
  Response refused =
      problem({.code = domain::ErrorCode::method_not_allowed,
               .detail = fmt::format("{} does not take {}, only {}", request.path, request.method, allow)});
  refused.headers.emplace_back("Allow", std::move(allow));
  exchange->respond(std::move(refused));
}

std::string Router::allowed_methods(std::string_view path) const {
  std::string allow;
  for (const auto& route : routes_) {
    if (!match(route.pattern, path)) continue;
    allow += route.method == "GET" ? "GET, HEAD, " : fmt::format("{}, ", route.method);
  }
  return allow.empty() ? allow : allow + "OPTIONS";
}

}  // namespace jobqd::http
