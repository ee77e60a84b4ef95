#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// The project's own cases of JSON, tests/cases/json.json: one for each rule of RFC 8259.
namespace jobqd::http {

enum class JsonWant : std::uint8_t { json, not_json, open };

struct JsonCase {
  std::string rule;
  JsonWant want;
  std::string text;  ///< May hold any bytes.
};

/// Throws when the file cannot be read.
[[nodiscard]] const std::vector<JsonCase>& json_cases();

}  // namespace jobqd::http
