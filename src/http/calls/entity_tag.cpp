#include "http/calls/entity_tag.hpp"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

namespace jobqd::http {

namespace {

/// Looks at what is in quotes only: the comparison is a weak one, so a `W/` before it does not matter.
bool lists(std::string_view field, std::string_view tag) {
  if (field == "*") return true;
  for (auto begin = field.find('"'); begin != std::string_view::npos;) {
    const auto end = field.find('"', begin + 1);
    if (end == std::string_view::npos) return false;
    if (field.substr(begin, end + 1 - begin) == tag) return true;
    begin = field.find('"', end + 1);
  }
  return false;
}

}  // namespace

std::string entity_tag(std::string_view text) {
  return fmt::format("\"{:016x}\"", std::hash<std::string_view>{}(text));
}

bool has_current(const std::vector<std::string>& if_none_match, std::string_view tag) {
  return std::ranges::any_of(if_none_match, [tag](const auto& field) { return lists(field, tag); });
}

}  // namespace jobqd::http
