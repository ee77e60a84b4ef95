#include "http/requests/message_parser.hpp"

#include <algorithm>
#include <utility>

#include <boost/beast/http/error.hpp>

namespace jobqd::http {

namespace {

std::string_view std_view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

void MessageParser::on_request_impl(boost::beast::http::verb /*verb*/, Text method, Text target, int version,
                                    Code& /*code*/) {
  result_.facts.method = std_view(method);
  result_.facts.target = std_view(target);
  result_.facts.http_1_0 = version == 10;
}

void MessageParser::on_field_impl(Field field, Text name, Text value_text, Code& /*code*/) {
  if (!in_head_) return;
  const auto value = std_view(value_text);
  result_.fields.push_back({.name = std_view(name), .value = value});
  HeadFacts& facts = result_.facts;
  switch (field) {
    case Field::host:
      if (facts.host_count++ == 0) facts.host = value;
      break;
    case Field::transfer_encoding:
      if (facts.transfer_encoding_count++ == 0) facts.transfer_encoding = value;
      break;
    case Field::content_length:
      if (facts.content_length_count++ == 0) facts.content_length = value;
      break;
    case Field::content_encoding:
      if (facts.content_encoding.empty()) facts.content_encoding = value;
      break;
    case Field::expect:
      if (facts.expect.empty()) facts.expect = value;
      break;
    default:
      break;
  }
}

void MessageParser::on_body_init_impl(const boost::optional<std::uint64_t>& length, Code& /*code*/) {
  if (length) result_.body.reserve(*length);  // At most the body limit, which Beast has looked at.
}

std::size_t MessageParser::on_body_impl(Text body, Code& /*code*/) {
  result_.body.append(body.data(), body.size());
  return body.size();
}

void MessageParser::on_chunk_header_impl(std::uint64_t size, Text extensions, Code& code) {
  chunk_left_ = size;
  const auto left = extension_bytes_left_;
  extension_bytes_left_ -= std::min(left, extensions.size());
  if (extensions.size() > left)
    code = boost::beast::http::error::header_limit;
  else if (!valid_chunk_extensions(std_view(extensions)))
    code = boost::beast::http::error::bad_chunk_extension;
}

std::size_t MessageParser::on_chunk_body_impl(std::uint64_t left, Text body, Code& code) {
  chunk_left_ = left - body.size();
  return on_body_impl(body, code);
}

}  // namespace jobqd::http
