#pragma once

#include <optional>
#include <string_view>

#include "http/bodies/enqueue_parser.hpp"

namespace jobqd::http {

/// The fast path for the body of POST /enqueue, for bodies that are written plainly, as nearly all are:
/// strings of printable ASCII without escapes, numbers without exponents, few levels.
///
/// Empty for every other body, valid or not: parse_any_enqueue() has to read those, which takes several times
/// as long and knows what to say about errors. What it does read, it reads exactly as parse_any_enqueue()
/// would; tests and a fuzzer compare the two. Pure.
[[nodiscard]] std::optional<EnqueueBody> read_plain_body(std::string_view body);

}  // namespace jobqd::http
