#include <jobqd/base/json_string.hpp>

#include <algorithm>

#include <jobqd/base/characters.hpp>
#include <jobqd/base/utf8.hpp>

namespace jobqd::base {

namespace {

void append_unit(std::string& out, char32_t unit) {
  constexpr std::string_view hex = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += hex[unit >> shift & 0xFU];
}

void append_escaped(std::string& out, char32_t point) {
  constexpr std::string_view letters = "btnfr\"\\";
  constexpr std::string_view meant = "\b\t\n\f\r\"\\";
  if (const auto at = point < 0x80 ? meant.find(static_cast<char>(point)) : std::string_view::npos;
      at != std::string_view::npos) {
    out += {'\\', letters[at]};
  } else if (point <= 0xFFFF) {
    append_unit(out, point);
  } else {  // As a pair of surrogates.
    append_unit(out, 0xD7C0U + (point >> 10));
    append_unit(out, 0xDC00U + (point & 0x3FFU));
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text, JsonLetters letters) {
  out += '"';
  while (true) {
    const auto* const plain_end =
        std::find_if_not(text.data(), text.data() + text.size(), is_plain_in_string);
    const auto plain = static_cast<std::size_t>(plain_end - text.data());
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const auto next = first_character(text);
    const bool escaped = next.point < 0x20 || next.point == '"' || next.point == '\\' ||
                         (letters == JsonLetters::ascii && next.point >= 0x7F);
    if (escaped)
      append_escaped(out, next.point);
    else
      out += next.well_formed ? text.substr(0, next.bytes) : replacement_character;
    text.remove_prefix(next.bytes);
  }
  out += '"';
}

std::string json_string(std::string_view text, JsonLetters letters) {
  std::string quoted;
  append_json_string(quoted, text, letters);
  return quoted;
}

}  // namespace jobqd::base
