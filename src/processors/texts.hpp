#pragma once

#include <optional>
#include <string>
#include <string_view>

/// What goes to whoever does the work, and what comes back, as text.
namespace jobqd::processors {

/// A payload: a string as its text, anything else as its JSON.
[[nodiscard]] std::string text_of(const std::string& payload);

/// Whether text_of() the payload is the text of a string.
[[nodiscard]] inline bool is_string(std::string_view payload) {
  return payload.starts_with('"');
}

/// A result: JSON as it is, other text as a JSON string, cut to limits::result_bytes; line ends at its end
/// are no part of it, and nothing gives none.
[[nodiscard]] std::optional<std::string> result_of(std::string_view output);

[[nodiscard]] std::string_view without_line_end(std::string_view text);

}  // namespace jobqd::processors
