#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"

namespace jobqd::http {

/// What an answer depends on besides its response: the request, and the time.
struct WriteOptions {
  std::string_view date;  ///< http_date() of now.
  bool head = false;      ///< The request was HEAD: everything but the body is written.
  bool http_1_0 = false;  ///< Keeping the connection open has to be announced, and there are no chunks.
};

/// Appends the response as HTTP/1.1 text.
void append_response(std::string& out, const Response& response, const WriteOptions& options);

/// Appends the head of a response whose length is not known yet. Its body follows by append_chunk() and
/// append_last_chunk(); with HTTP/1.0 it follows as it is, and `response.close` has to be set, because the
/// end of the connection is the end of the body (RFC 9112 section 6.3).
void append_streamed_head(std::string& out, const Response& response, const WriteOptions& options);

/// Appends `bytes` as one chunk (RFC 9112 section 7.1); nothing where there are none, because an empty chunk
/// would end the body.
void append_chunk(std::string& out, std::string_view bytes);
void append_last_chunk(std::string& out);

/// IMF-fixdate of RFC 9110 section 5.6.7: `Tue, 24 Nov 2026 08:00:00 GMT`.
[[nodiscard]] std::string http_date(base::WallTime now);

}  // namespace jobqd::http
