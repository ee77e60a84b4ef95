#include "http/bodies/field_reader.hpp"

namespace jobqd::http {

namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

}  // namespace

bool is_blank(std::string_view body) {
  return std::ranges::all_of(body, is_space);
}

// The library says "[json.exception.parse_error.101] parse error at line 1, column 2: …; last read: '…'". Its
// place and text are those of what the feed has handed over, which may be abridged.
std::string describe_parse_error(const JsonFeed& feed, std::string_view what) {
  const auto colon = what.find(": ");
  if (colon != std::string_view::npos) what.remove_prefix(colon + 2);
  what = what.substr(0, std::min(what.find("; last read"), std::size_t{300}));
  return fmt::format("parse error at {}: {}; last read: '{}'", feed.position(), what, feed.last_read());
}

std::string_view value_text(const JsonFeed& feed, const char* after_key, bool is_number) {
  const char* end = feed.text_end();
  const char* from = std::find(after_key, end, ':') + 1;
  from = std::find_if_not(from, end, is_space);
  if (!is_number) return {from, feed.read()};
  // The library knows a number's end only by the character behind it, which it has read too, if there is one.
  return {from, std::find_if(from, end, [](char c) { return c == ',' || c == '}' || is_space(c); })};
}

}  // namespace jobqd::http
