#include "http/guards/cross_site.hpp"

#include <algorithm>

#include <jobqd/base/characters.hpp>

namespace jobqd::http {

namespace {

bool changes_something(const Request& request, const Route* route) {
  if (route != nullptr) return route->method != "GET";
  return request.method == "POST" || request.method == "DELETE";
}

}  // namespace

std::optional<domain::Error> check_cross_site(const Request& request, const Route* route) {
  if (!changes_something(request, route)) return std::nullopt;
  const auto origins = request.headers("Origin");
  const auto sites = request.headers("Sec-Fetch-Site");
  if (origins.empty() && sites.empty()) return std::nullopt;
  if (!from_another_site(origins, sites, request.header("Host"))) return std::nullopt;
  return domain::Error{.code = domain::ErrorCode::forbidden_origin,
                       .detail = "a page of another web site made this request (Origin, Sec-Fetch-Site)"};
}

bool from_another_site(const std::vector<std::string_view>& origins,
                       const std::vector<std::string_view>& sec_fetch_sites, std::string_view host) {
  const auto foreign_site = [](std::string_view site) { return site != "same-origin" && site != "none"; };
  const auto foreign_origin = [host](std::string_view origin) {
    const auto scheme = origin.find("://");
    return scheme == std::string_view::npos || base::lower(origin.substr(scheme + 3)) != base::lower(host);
  };
  return std::ranges::any_of(sec_fetch_sites, foreign_site) || std::ranges::any_of(origins, foreign_origin);
}

}  // namespace jobqd::http
