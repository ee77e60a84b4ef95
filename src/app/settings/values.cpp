#include "app/settings/values.hpp"

#include <utility>

#include <fmt/format.h>

#include <jobqd/base/duration.hpp>
#include <jobqd/base/json_string.hpp>

namespace jobqd::app {

using base::milliseconds;

bool read_duration(std::string_view text, milliseconds low, milliseconds high, milliseconds& out) {
  const auto duration = text == "0" ? std::optional(milliseconds{0}) : base::parse_duration(text);
  if (!duration || *duration < low || *duration > high) return false;
  out = *duration;
  return true;
}

bool read_size(std::string_view text, std::size_t low, std::size_t high, std::size_t& out) {
  std::size_t factor = 1;
  for (const auto& [unit, bytes] :
       {std::pair{std::string_view("KiB"), kib}, {"MiB", mib}, {"GiB", gib}, {"B", 1UL}}) {
    if (!text.ends_with(unit)) continue;
    factor = bytes;
    text.remove_suffix(unit.size());
    break;
  }
  std::size_t number = 0;
  if (!read_number<std::size_t>(text, 0, high / factor, number) || number * factor < low) return false;
  out = number * factor;
  return true;
}

std::string quoted(std::string_view text) {  // A basic string of TOML, which a string of JSON is too.
  return base::json_string(text);
}

std::string quoted(const std::vector<std::string>& texts) {
  std::string list;
  for (const auto& text : texts) list += (list.empty() ? "" : ", ") + quoted(std::string_view(text));
  return fmt::format("[{}]", list);
}

std::string quoted(milliseconds duration) {
  return fmt::format("\"{}\"", base::format_duration(duration));
}

std::string show_size(std::size_t bytes) {
  for (const auto& [unit, factor] : {std::pair{"GiB", gib}, {"MiB", mib}, {"KiB", kib}})
    if (bytes >= factor && bytes % factor == 0) return fmt::format("{}{}", bytes / factor, unit);
  return fmt::format("{}B", bytes);
}

std::optional<std::string> above(std::string_view low, milliseconds low_value, std::string_view high,
                                 milliseconds high_value) {
  if (low_value <= high_value) return std::nullopt;
  return fmt::format("{}: {} is not allowed: it is above {}, which is {}", low,
                     base::format_duration(low_value), high, base::format_duration(high_value));
}

}  // namespace jobqd::app
