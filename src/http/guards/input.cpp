#include "http/guards/input.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace jobqd::http {

namespace {

domain::Error refused(std::string detail) {
  return {.code = domain::ErrorCode::invalid_field, .detail = std::move(detail)};
}

}  // namespace

std::optional<domain::Error> check_input(const Request& request, const Route* route) {
  if (route == nullptr || route->access == Access::probe) return std::nullopt;
  const auto& known = route->input.query;
  for (auto it = request.query.begin(); it != request.query.end(); ++it) {
    const auto& name = it->first;
    if (std::ranges::find(known, name) == known.end())
      return refused(
          fmt::format("there is no query parameter \"{}\" here, {}", name.substr(0, 100),
                      known.empty() ? "nor any other" : fmt::format("only {}", fmt::join(known, ", "))));
    const auto same_name = [&name](const auto& parameter) { return parameter.first == name; };
    if (std::find_if(std::next(it), request.query.end(), same_name) != request.query.end())
      return refused(fmt::format("query parameter {} is given twice", name));
  }
  if (!route->input.body && !request.body.empty())
    return refused(fmt::format("{} {} takes no body", route->method, route->pattern));
  return std::nullopt;
}

}  // namespace jobqd::http
