#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace jobqd::http {

/// A strong validator of this text (RFC 9110 section 8.8.3), quotes included. It is the same in every process
/// of this program; two texts have the same one with a probability of 2^-64.
[[nodiscard]] std::string entity_tag(std::string_view text);

/// Whether a client has what this tag stands for, by the values of its fields If-None-Match (RFC 9110 section
/// 13.1.2).
[[nodiscard]] bool has_current(const std::vector<std::string>& if_none_match, std::string_view tag);

}  // namespace jobqd::http
