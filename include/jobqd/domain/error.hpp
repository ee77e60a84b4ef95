#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jobqd::domain {

/// Every failure that is reported to a client. error_traits() says how each one appears in HTTP.
enum class ErrorCode : std::uint8_t {
  malformed_request,
  malformed_json,
  invalid_field,
  forbidden_origin,
  not_found,
  job_not_found,
  queue_not_found,
  method_not_allowed,
  request_timeout,
  id_conflict,
  wrong_status,
  lease_lost,
  payload_too_large,
  expectation_failed,
  header_too_large,
  unsupported_encoding,
  queue_full,
  internal,
  not_implemented,
  version_not_supported,
  too_many_connections,
  draining,
  store_unavailable,
  out_of_memory,
};

inline constexpr std::size_t error_code_count = static_cast<std::size_t>(ErrorCode::out_of_memory) + 1;

/// How an error appears in HTTP. No other place maps an error code to a status, a problem type or a label.
struct ErrorTraits {
  ErrorCode code;
  std::uint16_t http_status;
  std::string_view slug;                ///< Problem type `/problems/<slug>` (RFC 9457) and metric label.
  std::string_view title;               ///< The same for all problems of the type.
  std::chrono::seconds retry_after{0};  ///< Sent as Retry-After unless zero.
};

/// One row for each code, in the order of ErrorCode.
[[nodiscard]] const std::array<ErrorTraits, error_code_count>& error_table();

[[nodiscard]] const ErrorTraits& error_traits(ErrorCode code);

/// What is wrong with one field of a body. `pointer` is an RFC 6901 JSON pointer, empty for the whole
/// document.
struct FieldError {
  std::string pointer;
  std::string detail;
  bool operator==(const FieldError&) const = default;
};

/// An expected failure, written for the person who caused it: what was wrong, where, what is allowed.
struct Error {
  ErrorCode code;
  std::string detail;
  std::vector<FieldError> fields = {};
  bool operator==(const Error&) const = default;
};

}  // namespace jobqd::domain
