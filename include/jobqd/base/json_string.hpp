#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace jobqd::base {

/// What a JSON string escapes besides what RFC 8259 section 7 demands: quotes, backslashes and the control
/// characters below U+0020.
enum class JsonLetters : std::uint8_t {
  utf8,   ///< Nothing else.
  ascii,  ///< U+007F and everything above it, so that no terminal acts on the text.
};

/// Appends `text` as a JSON string, quotes included. Pure; any bytes are allowed: ill-formed UTF-8 becomes
/// U+FFFD, one for each maximal subpart (Unicode 15, section 3.9).
void append_json_string(std::string& out, std::string_view text, JsonLetters letters = JsonLetters::utf8);

/// The same, as a new string.
[[nodiscard]] std::string json_string(std::string_view text, JsonLetters letters = JsonLetters::utf8);

}  // namespace jobqd::base
