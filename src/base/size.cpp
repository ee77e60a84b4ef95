#include <jobqd/base/size.hpp>

#include <limits>
#include <utility>

#include <fmt/format.h>

#include <jobqd/base/number.hpp>

namespace jobqd::base {

std::optional<std::size_t> parse_size(std::string_view text) {
  std::size_t factor = 1;
  for (const auto& [unit, bytes] :
       {std::pair{std::string_view("KiB"), kib}, {"MiB", mib}, {"GiB", gib}, {"B", 1UL}}) {
    if (!text.ends_with(unit)) continue;
    factor = bytes;
    text.remove_suffix(unit.size());
    break;
  }
  const auto number = parse_number<std::size_t>(text);
  if (!number || *number > std::numeric_limits<std::size_t>::max() / factor) return std::nullopt;
  return *number * factor;
}

std::string format_size(std::size_t bytes) {
  for (const auto& [unit, factor] : {std::pair{"GiB", gib}, {"MiB", mib}, {"KiB", kib}})
    if (bytes >= factor && bytes % factor == 0) return fmt::format("{}{}", bytes / factor, unit);
  return fmt::format("{}B", bytes);
}

}  // namespace jobqd::base
