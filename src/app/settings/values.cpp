#include "app/settings/values.hpp"

#include <optional>

#include <fmt/format.h>

#include <jobqd/base/duration.hpp>
#include <jobqd/base/json_string.hpp>
#include <jobqd/base/size.hpp>

namespace jobqd::app {

using base::milliseconds;

bool read_duration(std::string_view text, milliseconds low, milliseconds high, milliseconds& out) {
  const auto duration = text == "0" ? std::optional(milliseconds{0}) : base::parse_duration(text);
  if (!duration || *duration < low || *duration > high) return false;
  out = *duration;
  return true;
}

bool read_size(std::string_view text, std::size_t low, std::size_t high, std::size_t& out) {
  const auto size = base::parse_size(text);
  if (!size || *size < low || *size > high) return false;
  out = *size;
  return true;
}

std::string quoted(std::string_view text) {  // A JSON string is a basic string of TOML.
  return base::json_string(text);
}

std::string quoted(milliseconds duration) {
  return fmt::format("\"{}\"", base::format_duration(duration));
}

}  // namespace jobqd::app
