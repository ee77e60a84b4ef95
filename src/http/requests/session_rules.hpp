#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <jobqd/domain/error.hpp>

/// What RFC 9110 and 9112 demand of a request's head and Beast lets through: pure decisions about text.
namespace jobqd::http {

/// Looks at the head of a request while it is still coming in, once over every byte.
///
/// Finds the empty line that ends it, and refuses at once what can never become a valid head, so that nobody
/// has to wait for the rest: a bare CR or LF, a control character, a folded line, a start that is no method,
/// a first line that ends in no version of HTTP that is spoken here.
class HeadScanner {
 public:
  explicit HeadScanner(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// `head` is all that has come in of this request; grows from call to call. True once the head is complete.
  /// Errors: malformed_request, header_too_large, version_not_supported.
  [[nodiscard]] std::optional<domain::Error> scan(std::string_view head);

  /// Bytes of the head, its empty line included; 0 while it is incomplete.
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::size_t max_bytes_;
  std::size_t seen_ = 0;
  std::size_t lines_ = 0;
  std::size_t size_ = 0;
  bool in_request_line_ = true;
};

/// Whether the first line ends in a version of HTTP that is spoken here.
/// Errors: malformed_request, version_not_supported.
[[nodiscard]] std::optional<domain::Error> check_version(std::string_view head);

/// The fields of a head that say who the request is for and how long it is.
struct HeadFacts {
  std::string_view method;
  std::string_view target;
  bool http_1_0 = false;
  std::size_t host_count = 0;
  std::string_view host;
  std::size_t transfer_encoding_count = 0;
  std::string_view transfer_encoding;
  std::size_t content_length_count = 0;
  std::string_view content_length;
  std::string_view content_encoding;
  std::string_view expect;
};

/// The path and query that an origin-form or absolute-form target names; "*" stays as it is.
/// Errors: malformed_request.
struct Target {
  std::string path;   ///< Percent-decoding not done.
  std::string query;  ///< Without the question mark, decoding not done.
};
[[nodiscard]] std::optional<Target> read_target(const HeadFacts& facts);

/// What the request is for, or why it cannot be taken, before any of its body is read.
[[nodiscard]] std::expected<Target, domain::Error> check_head(const HeadFacts& facts, std::size_t max_body);

/// Whether a line ends in a line feed alone.
[[nodiscard]] bool has_bare_line_feed(std::string_view text);

/// Extensions of a chunk as RFC 9112 section 7.1.1 writes them: `;name`, `;name=token`, `;name="text"`, any
/// number.
[[nodiscard]] bool valid_chunk_extensions(std::string_view extensions);

}  // namespace jobqd::http
