#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "http/requests/session_rules.hpp"

namespace jobqd::http {

/// Reads a head that HeadScanner has passed, where it is plain, as nearly every one is: HTTP/1.1, at most a
/// Content-Length that is taken, no field that changes how the connection is used. Tells how long the body
/// is. Empty where anything is out of the ordinary or wrong: then Beast has to look at it, and `facts` and
/// `fields` are good for nothing. What it reads, it reads exactly as Beast does; both refer to `head`.
[[nodiscard]] std::optional<std::uint64_t> read_plain_head(std::string_view head, std::uint64_t max_body,
                                                           HeadFacts& facts,
                                                           std::vector<HeaderField>& fields);

}  // namespace jobqd::http
