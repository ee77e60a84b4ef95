#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <string_view>

namespace jobqd::support {

/// A copy of `text` in which one to three bytes were inserted or replaced by bytes of `bytes`. Never empty.
inline std::string with_bytes_changed(std::string text, std::string_view bytes, std::mt19937& random) {
  for (auto changes = random() % 3; changes < 3; ++changes) {
    const auto at = random() % text.size();
    const char byte = bytes[random() % bytes.size()];
    if (random() % 3 == 0)
      text.insert(text.begin() + static_cast<std::ptrdiff_t>(at), byte);
    else
      text[at] = byte;
  }
  return text;
}

}  // namespace jobqd::support
