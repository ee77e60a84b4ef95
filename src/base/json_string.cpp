#include <jobqd/base/json_string.hpp>

#include <algorithm>

#include <jobqd/base/characters.hpp>

namespace jobqd::base {

namespace {

/// One character of a text, or a maximal subpart of an ill-formed one, which stands for U+FFFD.
struct Character {
  char32_t point;
  std::size_t bytes;  ///< At least 1.
  bool well_formed;
};

/// The first character of a text that is not empty; well-formed as Unicode 15, table 3-7, says.
Character first_character(std::string_view text) {
  constexpr char32_t replacement = 0xFFFD;
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto lead = byte(0);
  if (lead < 0x80) return {.point = lead, .bytes = 1, .well_formed = true};
  if (lead < 0xC2 || lead > 0xF4) return {.point = replacement, .bytes = 1, .well_formed = false};
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  // Only the second byte has narrower bounds: no overlong forms, no surrogates, nothing above U+10FFFF.
  unsigned char lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  unsigned char highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  char32_t point = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (i == text.size() || byte(i) < lowest || byte(i) > highest)
      return {.point = replacement, .bytes = i, .well_formed = false};
    point = point << 6 | (byte(i) & 0x3FU);
    lowest = 0x80;
    highest = 0xBF;
  }
  return {.point = point, .bytes = length, .well_formed = true};
}

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
      out += next.well_formed ? text.substr(0, next.bytes) : "\xEF\xBF\xBD";
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
