#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <jobqd/base/clock.hpp>
#include <jobqd/domain/error.hpp>
#include <jobqd/engine/claim.hpp>

#include "http/bodies/field_values.hpp"

namespace jobqd::http {

/// The calls of a remote worker that have a body.
enum class RemoteCall : std::uint8_t { lease, heartbeat, complete, fail };

/// The body of such a call. Fields that the call does not take, or that were left out, have these values.
struct RemoteBody {
  engine::FencingToken token = 0;
  std::size_t max_jobs = 1;
  base::milliseconds lease{60'000};
  base::milliseconds wait{0};
  std::string worker;
  std::optional<std::string> result;  ///< JSON text, byte for byte as it came.
  std::string error = "the worker gave no error";
  bool retryable = true;
  std::optional<base::milliseconds> retry_after;
};

/// The fields of the body of a call, each with its rule. The table lives as long as the program.
[[nodiscard]] Fields<RemoteBody> remote_fields(RemoteCall call);

/// Reads the body of a call, an object; that of a lease may be empty. Errors: malformed_json; invalid_field
/// with a pointer to each wrong field; payload_too_large for the result.
[[nodiscard]] std::expected<RemoteBody, domain::Error> parse_remote(RemoteCall call, std::string_view body);

}  // namespace jobqd::http
