#include "http/bodies/rfc8259.hpp"

#include <charconv>
#include <fstream>
#include <map>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "support/suites.hpp"

namespace jobqd::http {

namespace {

std::string bytes_of(const std::string& hex) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    unsigned byte = 0;
    std::from_chars(hex.data() + at, hex.data() + at + 2, byte, 16);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

}  // namespace

const std::vector<JsonCase>& json_cases() {
  static const auto cases = [] {
    const std::map<std::string, JsonWant> wants{
        {"json", JsonWant::json}, {"not json", JsonWant::not_json}, {"open", JsonWant::open}};
    std::vector<JsonCase> all;
    for (const auto& one : nlohmann::json::parse(std::ifstream(support::case_file("json.json"))))
      all.push_back({.rule = one["rule"],
                     .want = wants.at(one["want"]),
                     .text = one.contains("hex") ? bytes_of(one["hex"]) : one["text"].get<std::string>()});
    if (all.size() < 100) throw std::runtime_error("tests/cases/json.json has too few cases");
    return all;
  }();
  return cases;
}

}  // namespace jobqd::http
