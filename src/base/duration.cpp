#include <jobqd/base/duration.hpp>

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

#include <fmt/format.h>

namespace jobqd::base {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t in_milliseconds;
};

constexpr std::array<Unit, 5> units{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

/// Takes the leading letters of `text` as a unit no larger than the one at `first`.
std::optional<std::size_t> take_unit(std::string_view& text, std::size_t first) {
  const auto length = std::min(text.find_first_of("0123456789"), text.size());
  for (std::size_t i = first; i < units.size(); ++i) {
    if (units[i].name != text.substr(0, length)) continue;
    text.remove_prefix(length);
    return i;
  }
  return std::nullopt;
}

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  while (!text.empty()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || text.front() == '-') return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const auto unit = take_unit(text, next_unit);
    if (!unit) return std::nullopt;
    const auto factor = units.at(*unit).in_milliseconds;
    if (number > (std::numeric_limits<std::int64_t>::max() - total) / factor) return std::nullopt;
    total += number * factor;
    next_unit = *unit + 1;
  }
  return milliseconds(total);
}

std::string format_duration(milliseconds duration) {
  std::string text;
  auto rest = duration.count();
  for (const auto& unit : units) {
    if (rest < unit.in_milliseconds) continue;
    text += fmt::format("{}{}", rest / unit.in_milliseconds, unit.name);
    rest %= unit.in_milliseconds;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace jobqd::base
