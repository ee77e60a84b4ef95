#include "http/calls/router.hpp"

#include <algorithm>
#include <utility>

#include <boost/url/decode_view.hpp>
#include <boost/url/pct_string_view.hpp>
#include <fmt/format.h>

#include <jobqd/base/check.hpp>

namespace jobqd::http {

namespace {

std::string decoded(std::string_view text) {
  const boost::urls::pct_string_view encoded(text.data(), text.size());
  std::string plain;
  for (const char c : boost::urls::decode_view(encoded)) plain.push_back(c);
  return plain;
}

Response methods_of(std::string allow) {
  return {.status = 204, .content_type = "", .headers = {{"Allow", std::move(allow)}}};
}

}  // namespace

Router::Pattern::Pattern(std::string_view text) {
  JOBQD_CHECK(text.starts_with('/'));
  const auto hole = std::min(text.find('{'), text.size());
  const auto end = std::min(text.find('}', hole), text.size());
  before_ = text.substr(0, hole);
  after_ = text.substr(std::min(end + 1, text.size()));
  const bool rest = text.substr(hole, end - hole).ends_with("...");
  kind_ = hole == text.size() ? Kind::literal : rest ? Kind::rest : Kind::segment;
  JOBQD_CHECK(kind_ == Kind::literal || end < text.size());
  JOBQD_CHECK(kind_ != Kind::rest || after_.empty());
  JOBQD_CHECK(!before_.contains('}') && after_.find_first_of("{}") == std::string_view::npos);
}

std::optional<std::string_view> Router::Pattern::match(std::string_view path) const {
  if (kind_ == Kind::literal) return path == before_ ? std::optional(std::string_view{}) : std::nullopt;
  if (path.size() < before_.size() + after_.size() || !path.starts_with(before_) || !path.ends_with(after_))
    return std::nullopt;
  const auto filling = path.substr(before_.size(), path.size() - before_.size() - after_.size());
  if (kind_ == Kind::segment && (filling.empty() || filling.contains('/'))) return std::nullopt;
  return filling;
}

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)) {
  for (const auto& route : routes_) patterns_.emplace_back(route.pattern);
}

const Route* Router::find(Request& request) const {
  const std::string_view method = request.method == "HEAD" ? "GET" : request.method;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    if (routes_[i].method != method) continue;
    const auto filling = patterns_[i].match(request.path);
    if (!filling) continue;
    request.route = routes_[i].pattern;
    request.may_wait = routes_[i].input.waits || (!request.query.empty() && request.parameter("wait"));
    if (!filling->empty()) request.path_param = decoded(*filling);
    return &routes_[i];
  }
  return nullptr;
}

Response Router::answer_without_route(const Request& request) const {
  if (request.path == "*") return methods_of("GET, HEAD, POST, DELETE, OPTIONS");
  std::string allow = allowed_methods(request.path);
  if (allow.empty())
    return problem({.code = domain::ErrorCode::not_found,
                    .detail = fmt::format("there is nothing at {}", request.path)});
  if (request.method == "OPTIONS") return methods_of(std::move(allow));
  Response refused =
      problem({.code = domain::ErrorCode::method_not_allowed,
               .detail = fmt::format("{} does not take {}, only {}", request.path, request.method, allow)});
  refused.headers.emplace_back("Allow", std::move(allow));
  return refused;
}

bool Router::is_probe(std::string_view path) const {
  for (std::size_t i = 0; i < routes_.size(); ++i)
    if (routes_[i].access == Access::probe && patterns_[i].match(path)) return true;
  return false;
}

std::string Router::allowed_methods(std::string_view path) const {
  std::vector<std::string_view> methods;
  for (std::size_t i = 0; i < routes_.size(); ++i)
    if (patterns_[i].match(path) && std::ranges::find(methods, routes_[i].method) == methods.end())
      methods.push_back(routes_[i].method);
  std::string allow;
  for (const auto method : methods) allow.append(method).append(method == "GET" ? ", HEAD, " : ", ");
  return allow.empty() ? allow : allow + "OPTIONS";
}

}  // namespace jobqd::http
