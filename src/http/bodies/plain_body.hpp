#pragma once

#include <optional>
#include <string_view>

#include "http/bodies/enqueue_parser.hpp"

namespace jobqd::http {

/// Reads the body of POST /enqueue where it is written plainly, as nearly every one is: strings of printable
/// ASCII without escapes, numbers without exponents, few levels. Empty where anything is out of the ordinary
/// or wrong: then the JSON library has to look at it, which takes several times as long and knows what to
/// say. What it reads, it reads exactly as the library does.
[[nodiscard]] std::optional<EnqueueBody> read_plain_body(std::string_view body);

}  // namespace jobqd::http
