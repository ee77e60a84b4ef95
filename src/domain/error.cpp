#include <jobqd/domain/error.hpp>

namespace jobqd::domain {

using namespace std::chrono_literals;

const std::array<ErrorTraits, error_code_count>& error_table() {
  using enum ErrorCode;
  static constexpr std::array<ErrorTraits, error_code_count> table{{
      {malformed_request, 400, "malformed-request", "The request is not valid HTTP/1.1"},
      {malformed_json, 400, "malformed-json", "The body is not valid JSON"},
      {invalid_field, 400, "invalid-field", "A value is not allowed"},
      {forbidden_origin, 403, "forbidden-origin", "Requests from other web sites are refused"},
      {not_found, 404, "not-found", "There is nothing at this path"},
      {job_not_found, 404, "job-not-found", "There is no such job"},
      {queue_not_found, 404, "queue-not-found", "There is no such queue"},
      {method_not_allowed, 405, "method-not-allowed", "This path does not take this method"},
      {request_timeout, 408, "request-timeout", "The request came too slowly"},
      {id_conflict, 409, "id-conflict", "The id belongs to a job with other content"},
      {wrong_status, 409, "wrong-status", "The job's status does not allow this"},
      {lease_lost, 409, "lease-lost", "The token is not that of a lease of this job"},
      {payload_too_large, 413, "payload-too-large", "The body is too large"},
      {expectation_failed, 417, "expectation-failed", "The expectation cannot be met"},
      {header_too_large, 431, "header-too-large", "The header is too large"},
      {unsupported_encoding, 415, "unsupported-encoding", "The content encoding is not supported"},
      {queue_full, 429, "queue-full", "The queue is full", 1s},
      {internal, 500, "internal", "The daemon made a mistake"},
      {not_implemented, 501, "not-implemented", "This is not implemented"},
      {version_not_supported, 505, "version-not-supported", "The HTTP version is not supported"},
      {too_many_connections, 503, "too-many-connections", "There are too many connections", 1s},
      {draining, 503, "draining", "The daemon is stopping", 5s},
      {store_unavailable, 503, "store-unavailable", "The store cannot be written", 5s},
      {out_of_memory, 503, "out-of-memory", "The daemon has no memory left", 1s},
  }};
  return table;
}

const ErrorTraits& error_traits(ErrorCode code) {
  return error_table().at(static_cast<std::size_t>(code));
}

}  // namespace jobqd::domain
