#include <jobqd/base/utf8.hpp>

#include <algorithm>

namespace jobqd::base {

namespace {

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// The bytes before the first ill-formed one.
std::size_t well_formed_bytes(std::string_view text) {
  std::size_t bytes = 0;
  while (bytes < text.size()) {
    if (static_cast<unsigned char>(text[bytes]) < 0x80) {
      ++bytes;
      continue;
    }
    const auto next = first_character(text.substr(bytes));
    if (!next.well_formed) break;
    bytes += next.bytes;
  }
  return bytes;
}

}  // namespace

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

std::size_t whole_characters(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text.size();
  constexpr std::size_t longest = 4;
  for (std::size_t back = 0; back < std::min(longest, most + 1); ++back)
    if (!continues_character(text[most - back])) return most - back;
  return most;  // That many continuations belong to no character.
}

std::string_view last_characters(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  text.remove_prefix(text.size() - most);
  for (int i = 0; i < 3 && !text.empty() && continues_character(text.front()); ++i) text.remove_prefix(1);
  return text;
}

std::string well_formed(std::string text) {
  const auto good = well_formed_bytes(text);
  if (good == text.size()) return text;
  std::string result = text.substr(0, good);
  for (std::string_view rest = std::string_view(text).substr(good); !rest.empty();) {
    const auto next = first_character(rest);
    result += next.well_formed ? rest.substr(0, next.bytes) : replacement_character;
    rest.remove_prefix(next.bytes);
  }
  return result;
}

std::string_view without_line_end(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

}  // namespace jobqd::base
