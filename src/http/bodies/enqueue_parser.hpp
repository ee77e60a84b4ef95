#pragma once

#include <expected>
#include <string_view>
#include <vector>

#include <jobqd/domain/error.hpp>
#include <jobqd/domain/job.hpp>

namespace jobqd::http {

/// The body of POST /enqueue.
struct EnqueueBody {
  std::vector<domain::NewJob> jobs;  ///< At least one. The id of a job that was given none is empty.
  bool batch = false;                ///< The body is an array.
};

/// Reads one job (an object) or several (an array). No document is built, and each payload is cut out of
/// `body` byte for byte. Errors: malformed_json, also for too deep nesting; invalid_field with a pointer to
/// each wrong field, at most 16 of them.
[[nodiscard]] std::expected<EnqueueBody, domain::Error> parse_enqueue(std::string_view body);

/// The general reader, which parse_enqueue() falls back to: the JSON library reads all of the body.
[[nodiscard]] std::expected<EnqueueBody, domain::Error> parse_any_enqueue(std::string_view body);

}  // namespace jobqd::http
