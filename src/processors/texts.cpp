#include "processors/texts.hpp"

#include <nlohmann/json.hpp>

namespace jobqd::processors {

std::string text_of(const std::string& payload) {
  return is_string(payload) ? nlohmann::json::parse(payload).get<std::string>() : payload;
}

}  // namespace jobqd::processors
