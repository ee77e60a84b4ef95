#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <jobqd/domain/error.hpp>

/// Rules of RFC 9110 and 9112 for a request's head that Beast's parser does not enforce. Pure functions of
/// text.
namespace jobqd::http {

/// Scans the head of a request while it is still coming in, looking at each byte once.
///
/// Finds the empty line that ends the head, and refuses at once what can never become a valid one, without
/// waiting for the rest: a bare CR or LF, a control character, a folded line, a first byte that cannot start
/// a method, a request line that does not end in a supported version of HTTP.
class HeadScanner {
 public:
  explicit HeadScanner(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// `head` is everything that has come in of this request; it grows from call to call. Empty if nothing is
  /// wrong so far. Errors: malformed_request, header_too_large, version_not_supported.
  [[nodiscard]] std::optional<domain::Error> scan(std::string_view head);

  /// The size of the head, including its empty line; 0 while it is incomplete.
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::size_t max_bytes_;
  std::size_t seen_ = 0;
  std::size_t lines_ = 0;
  std::size_t size_ = 0;
  bool in_request_line_ = true;
};

/// Empty if the request line ends in a supported version of HTTP.
/// Errors: malformed_request, version_not_supported.
[[nodiscard]] std::optional<domain::Error> check_version(std::string_view head);

/// What a head says about the request's destination and framing.
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

/// The path and query of a request target.
struct Target {
  std::string path;   ///< Still percent-encoded.
  std::string query;  ///< Without the question mark, still encoded.
};

/// Reads a target in origin form or absolute form; "*" stays as it is. Empty if it is malformed.
[[nodiscard]] std::optional<Target> read_target(const HeadFacts& facts);

/// The request's target, or why the request is refused before any of its body is read.
[[nodiscard]] std::expected<Target, domain::Error> check_head(const HeadFacts& facts, std::size_t max_body);

/// Whether a line ends in a line feed alone.
[[nodiscard]] bool has_bare_line_feed(std::string_view text);

/// Whether these are chunk extensions as in RFC 9112 section 7.1.1: `;name`, `;name=token` or `;name="text"`,
/// any number of them.
[[nodiscard]] bool valid_chunk_extensions(std::string_view extensions);

}  // namespace jobqd::http
