#pragma once

#include <optional>
#include <string>

/// The body of POST /enqueue read by both readers: the short way for plain bodies, and the JSON library. For
/// tests that compare them.
namespace jobqd::http {

struct BodyReadings {
  std::string plain;    ///< Every field of every job that the short way read.
  std::string library;  ///< The same by the library, or why it refuses the body.
};

/// Empty if the fast path leaves the body to the library.
[[nodiscard]] std::optional<BodyReadings> read_body_twice(const std::string& body);

}  // namespace jobqd::http
