#pragma once

#include <string>
#include <string_view>

/// Payloads and answers as the text that programs and web services exchange.
namespace jobqd::processors {

/// The text of a payload: of a JSON string its content, of anything else its JSON.
[[nodiscard]] std::string text_of(const std::string& payload);

/// Whether the payload is a JSON string.
[[nodiscard]] inline bool is_string(std::string_view payload) {
  return payload.starts_with('"');
}

}  // namespace jobqd::processors
