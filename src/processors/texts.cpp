#include "processors/texts.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include <jobqd/base/json_string.hpp>
#include <jobqd/domain/limits.hpp>

namespace jobqd::processors {

using domain::limits::result_bytes;
using nlohmann::json;

std::string text_of(const std::string& payload) {
  return is_string(payload) ? json::parse(payload).get<std::string>() : payload;
}

std::optional<std::string> result_of(std::string_view output) {
  output = without_line_end(output);
  if (output.empty()) return std::nullopt;
  if (output.size() <= result_bytes && json::accept(output)) return std::string(output);
  auto text = base::json_string(output.substr(0, result_bytes));
  for (auto bytes = result_bytes; text.size() > result_bytes;) {
    bytes = std::min(bytes - 1, bytes * result_bytes / text.size());  // Quoted, it is that much longer.
    text = base::json_string(output.substr(0, bytes));
  }
  return text;
}

std::string_view without_line_end(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

}  // namespace jobqd::processors
