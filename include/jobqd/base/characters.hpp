#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

/// Classes of ASCII characters, as HTTP and JSON distinguish them, whatever the locale says. They are
/// function objects, so that algorithms inline them.
namespace jobqd::base {

inline constexpr auto is_digit = [](char c) { return c >= '0' && c <= '9'; };

inline constexpr auto is_letter_or_digit = [](char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
};

inline constexpr auto is_printable = [](char c) { return c >= 0x20 && c < 0x7F; };

inline constexpr auto is_control = [](char c) { return (c >= 0 && c < 0x20) || c == 0x7F; };

inline constexpr auto token_chars = [] {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  std::array<bool, 256> allowed{};
  for (std::size_t byte = 0; byte < allowed.size(); ++byte)
    allowed[byte] = is_letter_or_digit(static_cast<char>(byte)) || others.contains(static_cast<char>(byte));
  return allowed;
}();
/// tchar of RFC 9110 section 5.6.2.
inline constexpr auto is_token_char = [](char c) { return token_chars[static_cast<unsigned char>(c)]; };

inline constexpr auto plain_string_chars = [] {
  std::array<bool, 256> allowed{};
  for (std::size_t byte = 0; byte < 0x80; ++byte)
    allowed[byte] = is_printable(static_cast<char>(byte)) && byte != '"' && byte != '\\';
  return allowed;
}();
/// ASCII that stands for itself in a JSON string (RFC 8259 section 7).
inline constexpr auto is_plain_in_string = [](char c) {
  return plain_string_chars[static_cast<unsigned char>(c)];
};

/// ASCII letters in lower case; every other byte as it is.
[[nodiscard]] inline std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

}  // namespace jobqd::base
