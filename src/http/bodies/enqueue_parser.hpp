#pragma once

#include <expected>
#include <string_view>
#include <vector>

#include <jobqd/domain/error.hpp>
#include <jobqd/domain/job.hpp>

namespace jobqd::http {

/// The body of POST /enqueue. Jobs without an id have an empty one.
struct EnqueueBody {
  std::vector<domain::NewJob> jobs;
  bool batch = false;  ///< It was an array.
};

/// Reads one job (object) or many (array). Streaming: no document is built, and each payload is cut from
/// `body` byte for byte. Errors: malformed_json (also for too deep nesting), invalid_field with a pointer for
/// each wrong field.
[[nodiscard]] std::expected<EnqueueBody, domain::Error> parse_enqueue(std::string_view body);

/// The same, all of it by the JSON library: without the short way that plain bodies take.
[[nodiscard]] std::expected<EnqueueBody, domain::Error> parse_any_enqueue(std::string_view body);

}  // namespace jobqd::http
