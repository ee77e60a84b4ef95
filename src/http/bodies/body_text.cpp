#include "http/bodies/body_text.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace jobqd::http {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_number(const FieldValue& value) {
  return std::holds_alternative<std::int64_t>(value) || std::holds_alternative<std::uint64_t>(value) ||
         std::holds_alternative<double>(value);
}

/// "[json.exception.parse_error.101] parse error at line 1, column 2: …; last read: '…'", but place and text
/// as they are, not abridged.
std::string describe_parse_error(const JsonFeed& feed, std::string_view what) {
  const auto colon = what.find(": ");
  if (colon != std::string_view::npos) what.remove_prefix(colon + 2);
  what = what.substr(0, std::min(what.find("; last read"), std::size_t{300}));
  return fmt::format("parse error at {}: {}; last read: '{}'", feed.position(), what, feed.last_read());
}

std::string pointer_step(std::string_view name) {
  std::string step = "/";
  for (const char c : name.substr(0, 100)) step += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return step;
}

std::string_view value_text(const JsonFeed& feed, const char* after_key, bool number) {
  const char* end = feed.text_end();
  const char* from = std::find(after_key, end, ':') + 1;
  from = std::find_if_not(from, end, is_space);
  // After a number the lexer has read one character more, where there was one.
  const char* to = number
                       ? std::find_if(from, end, [](char c) { return c == ',' || c == '}' || is_space(c); })
                       : feed.read();
  return {from, to};
}

domain::Error wrong_fields(std::vector<domain::FieldError> faults) {
  const auto& first = faults.front();
  auto detail = first.pointer.empty() ? first.detail : fmt::format("{} {}", first.pointer, first.detail);
  return {.code = domain::ErrorCode::invalid_field, .detail = std::move(detail), .fields = std::move(faults)};
}

}  // namespace jobqd::http
