#pragma once

#include <algorithm>
#include <string_view>

#include <jobqd/base/characters.hpp>
#include <jobqd/domain/limits.hpp>

namespace jobqd::domain {

/// Whether the name of a queue may begin with this text, which is not empty. Any thread.
[[nodiscard]] inline bool may_begin_queue_name(std::string_view text) {
  constexpr auto may_be_in_name = [](char c) {
    return base::is_letter_or_digit(c) || c == '_' || c == '-' || c == '.';
  };
  return !text.empty() && text.size() <= limits::queue_bytes && std::ranges::all_of(text, may_be_in_name);
}

}  // namespace jobqd::domain
