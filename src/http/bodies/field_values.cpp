#include "http/bodies/field_values.hpp"

#include <array>
#include <cmath>

#include <fmt/format.h>

#include <jobqd/base/characters.hpp>
#include <jobqd/base/duration.hpp>
#include <jobqd/domain/limits.hpp>

namespace jobqd::http {

namespace {

std::string_view kind_of(const FieldValue& value) {
  static constexpr std::array<std::string_view, 7> kinds{
      "null",       "a boolean", "a whole number",       "a whole number",
      "a fraction", "a string",  "an object or an array"};
  return kinds.at(value.index());
}

/// The value where it is short, for a message.
std::string shown(const FieldValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return fmt::to_string(*number);
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return fmt::to_string(*number);
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{:#}", *number);  // 1.0, not 1
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    if (text->size() <= 40) return fmt::format("\"{}\"", *text);
    return fmt::format("a string of {} bytes", text->size());
  }
  return std::string(kind_of(value));
}

}  // namespace

Fault must_be(std::string_view allowed, const FieldValue& value) {
  return fmt::format("must be {}, not {}", allowed, shown(value));
}

std::optional<std::int64_t> integer_in(const FieldValue& value, std::int64_t low, std::int64_t high) {
  std::int64_t number = 0;
  if (const auto* negative = std::get_if<std::int64_t>(&value))
    number = *negative;
  else if (const auto* positive = std::get_if<std::uint64_t>(&value); positive && *positive <= INT64_MAX)
    number = static_cast<std::int64_t>(*positive);
  else
    return std::nullopt;
  if (number < low || number > high) return std::nullopt;
  return number;
}

std::optional<base::milliseconds> duration_up_to(const FieldValue& value, base::milliseconds shortest,
                                                 base::milliseconds longest) {
  std::optional<base::milliseconds> duration;
  if (const auto* text = std::get_if<std::string_view>(&value)) duration = base::parse_duration(*text);
  double seconds = -1;
  if (const auto* whole = std::get_if<std::int64_t>(&value))
    seconds = static_cast<double>(*whole);  // -0 is one
  if (const auto* whole = std::get_if<std::uint64_t>(&value)) seconds = static_cast<double>(*whole);
  if (const auto* fraction = std::get_if<double>(&value)) seconds = *fraction;
  const auto ms = seconds * 1000;
  if (ms >= static_cast<double>(shortest.count()) && ms <= static_cast<double>(longest.count()))
    duration = base::milliseconds(std::llround(ms));
  if (!duration || *duration < shortest || *duration > longest) return std::nullopt;
  return duration;
}

std::string_view id_fault(std::string_view id) {
  if (id.empty() || id.size() > domain::limits::id_bytes) return "must be 1 to 255 bytes long";
  for (std::size_t i = 0; i < id.size(); ++i) {
    const auto byte = static_cast<unsigned char>(id[i]);
    const bool c1 = byte == 0xC2 && i + 1 < id.size() && static_cast<unsigned char>(id[i + 1]) < 0xA0;
    if (base::is_control(id[i]) || c1) return "must not contain control characters";
  }
  return {};
}

Fault take_id(std::string& id, const FieldValue& value) {
  const auto* text = std::get_if<std::string_view>(&value);
  if (text == nullptr) return must_be("a string of 1 to 255 bytes", value);
  if (const auto fault = id_fault(*text); !fault.empty()) return std::string(fault);
  id = *text;
  return {};
}

}  // namespace jobqd::http
