#include "http/calls/problems.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <jobqd/domain/error.hpp>

#include "http/problems_document.hpp"

namespace jobqd::http {

namespace {

/// From the heading to the next one; empty where there is no such section.
std::string_view section_of(std::string_view slug) {
  constexpr std::string_view between = "\n\n## ";
  const auto found = problems_document.find(fmt::format("{}{}\n", between, slug));
  if (found == std::string_view::npos) return {};
  const auto from = found + between.find('#');
  const auto next = problems_document.find(between, from);
  const auto section = problems_document.substr(from, next == std::string_view::npos ? next : next - from);
  return section.substr(0, section.find_last_not_of('\n') + 1);
}

void explain(const Request& request, const ExchangePtr& exchange) {
  const auto& name = request.path_param;
  const auto& table = domain::error_table();
  const auto* const known = std::ranges::find(table, name, &domain::ErrorTraits::slug);
  if (known == table.end())
    return exchange->respond(
        problem({.code = domain::ErrorCode::not_found,
                 .detail = fmt::format("there is no problem with the name \"{}\"", name.substr(0, 100))}));
  // Not text/markdown, which browsers save instead of showing it.
  exchange->respond(
      {.content_type = "text/plain; charset=utf-8", .body = fmt::format("{}\n", section_of(name))});
}

}  // namespace

std::vector<Route> ProblemCalls::routes() {
  return {{"GET", "/problems/{name}", Access::open, {}, explain}};
}

}  // namespace jobqd::http
