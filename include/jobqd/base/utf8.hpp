#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Text from programs and web services, which may be anything, as UTF-8.
namespace jobqd::base {

/// What stands for ill-formed bytes: U+FFFD.
inline constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

/// One character of a text, or a maximal subpart of an ill-formed one, which stands for U+FFFD.
struct Character {
  char32_t point;
  std::size_t bytes;  ///< At least 1.
  bool well_formed;
};

/// The first character of a text that is not empty; well-formed as Unicode 15, table 3-7, says.
[[nodiscard]] Character first_character(std::string_view text);

/// How many bytes of the text, at most `most`, end between two characters.
[[nodiscard]] std::size_t whole_characters(std::string_view text, std::size_t most);

/// The end of the text, at most `most` bytes, that begins with a whole character.
[[nodiscard]] std::string_view last_characters(std::string_view text, std::size_t most);

/// The text, with U+FFFD for each maximal subpart that is ill-formed.
[[nodiscard]] std::string well_formed(std::string text);

/// The text without the line ends at its end.
[[nodiscard]] std::string_view without_line_end(std::string_view text);

}  // namespace jobqd::base
