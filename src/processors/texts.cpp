#include "processors/texts.hpp"

#include <nlohmann/json.hpp>

namespace jobqd::processors {

std::string text_of(const std::string& payload) {
  return is_string(payload) ? nlohmann::json::parse(payload).get<std::string>() : payload;
}

std::string_view without_line_end(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

}  // namespace jobqd::processors
