#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"

namespace jobqd::http {

/// What the answer has to know of the request and of the time.
struct WriteOptions {
  std::string_view date;  ///< http_date() of now.
  bool head = false;      ///< The answer to HEAD: everything but the body.
  bool http_1_0 = false;  ///< An HTTP/1.0 client has to be told that the connection stays.
};

/// Appends the response as HTTP/1.1 text.
void append_response(std::string& out, const Response& response, const WriteOptions& options);

/// IMF-fixdate of RFC 9110 section 5.6.7: `Tue, 24 Nov 2026 08:00:00 GMT`.
[[nodiscard]] std::string http_date(base::WallTime now);

}  // namespace jobqd::http
