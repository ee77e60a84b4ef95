#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <jobqd/domain/error.hpp>

#include "http/route.hpp"

namespace jobqd::http {

/// A guard: refuses a request that changes something when a web page of another site made it. Browsers let
/// such a page send the request, and only keep the answer from it. Errors: forbidden_origin.
[[nodiscard]] std::optional<domain::Error> check_cross_site(const Request& request, const Route* route);

/// Whether a web page of another site made a request with these headers (RFC 6454, W3C Fetch Metadata).
/// Programs that are not browsers send neither Origin nor Sec-Fetch-Site.
[[nodiscard]] bool from_another_site(const std::vector<std::string_view>& origins,
                                     const std::vector<std::string_view>& sec_fetch_sites,
                                     std::string_view host);

}  // namespace jobqd::http
