#include "http/requests/head_readings.hpp"

#include <vector>

#include <boost/asio/buffer.hpp>

#include "http/requests/message_parser.hpp"
#include "http/requests/plain_head.hpp"

namespace jobqd::http {

namespace {

std::string described(const HeadFacts& facts, const std::vector<HeaderField>& fields, std::uint64_t length) {
  std::string text = std::to_string(length) + (facts.http_1_0 ? " 1.0" : " 1.1");
  for (const auto part : {facts.method, facts.target, facts.host, facts.content_length,
                          facts.transfer_encoding, facts.content_encoding, facts.expect})
    text.append("|").append(part);
  text += "|" + std::to_string(facts.host_count) + "|" + std::to_string(facts.content_length_count) + "|" +
          std::to_string(facts.transfer_encoding_count);
  for (const auto& [name, value] : fields) text.append("\n").append(name).append("=").append(value);
  return text;
}

std::string read_by_beast(const std::string& head) {
  HeadFacts facts;
  std::vector<HeaderField> fields;
  std::string body;
  MessageParser parser({.facts = facts, .fields = fields, .body = body}, readings_max_head);
  parser.header_limit(readings_max_head);
  parser.body_limit(readings_max_body);
  boost::beast::error_code code;
  const auto used = parser.put(boost::asio::buffer(head), code);
  if (code) return code.message();
  if (!parser.is_header_done() || used != head.size()) return "incomplete";
  if (!parser.keep_alive() || parser.chunked()) return "not plain";
  return described(facts, fields, parser.content_length().value_or(0));
}

}  // namespace

std::optional<HeadReadings> read_head_twice(const std::string& head) {
  HeadScanner scanner(readings_max_head);
  if (scanner.scan(head) || scanner.size() != head.size()) return std::nullopt;
  HeadFacts facts;
  std::vector<HeaderField> fields;
  const auto length = read_plain_head(head, readings_max_body, facts, fields);
  if (!length) return std::nullopt;
  return HeadReadings{.plain = described(facts, fields, *length), .beast = read_by_beast(head)};
}

}  // namespace jobqd::http
