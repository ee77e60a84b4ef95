#pragma once

#include <string_view>

#include <fmt/format.h>

#include <jobqd/domain/error.hpp>

namespace jobqd::http {

/// The error for a query parameter whose value is not one of those allowed.
[[nodiscard]] inline domain::Error wrong_parameter(std::string_view name, std::string_view value,
                                                   std::string_view allowed) {
  return {.code = domain::ErrorCode::invalid_field,
          .detail =
              fmt::format("query parameter {} must be {}, not \"{}\"", name, allowed, value.substr(0, 100))};
}

}  // namespace jobqd::http
