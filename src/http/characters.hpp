#pragma once

#include <array>
#include <string_view>

/// Kinds of bytes that HTTP and JSON tell apart. Objects, not functions: so algorithms have them inline.
namespace jobqd::http {

inline constexpr auto is_digit = [](char c) { return c >= '0' && c <= '9'; };

inline constexpr auto is_letter_or_digit = [](char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
};

inline constexpr auto is_printable = [](char c) { return c >= 0x20 && c < 0x7F; };

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

}  // namespace jobqd::http
