#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "http/requests/session_rules.hpp"

namespace jobqd::http {

/// Reads a plain head, as nearly all are: HTTP/1.1, no framing but a Content-Length within the limit, no
/// field that changes how the connection is used. `head` has passed a HeadScanner. Returns the length of the
/// body.
///
/// Empty if anything is unusual or wrong: then Beast has to read the head, and `facts` and `fields` hold
/// nothing useful. What it does read, it reads exactly as Beast does. Both results refer to `head`.
[[nodiscard]] std::optional<std::uint64_t> read_plain_head(std::string_view head, std::uint64_t max_body,
                                                           HeadFacts& facts,
                                                           std::vector<HeaderField>& fields);

}  // namespace jobqd::http
