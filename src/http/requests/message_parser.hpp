#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <boost/beast/http/basic_parser.hpp>

#include "http/message.hpp"
#include "http/requests/session_rules.hpp"

namespace jobqd::http {

/// Beast's parser, told where to put what it finds: no container of its own, no copy of the head.
///
/// For one request; not thread-safe. The text of the head has to be handed over in one piece, and to stay
/// where it is: facts and fields refer to it.
class MessageParser final : public boost::beast::http::basic_parser<true> {
 public:
  /// What it fills, empty before; they outlive it.
  struct Result {
    HeadFacts& facts;
    std::vector<HeaderField>& fields;  ///< Of the head. What a trailer says is passed over.
    std::string& body;
  };

  /// `extension_bytes`: how long all chunk extensions of the request may be together.
  MessageParser(Result result, std::size_t extension_bytes)
      : result_(result), extension_bytes_left_(extension_bytes) {}

 private:
  using Field = boost::beast::http::field;
  using Text = boost::beast::string_view;
  using Code = boost::beast::error_code;

  void on_request_impl(boost::beast::http::verb verb, Text method, Text target, int version,
                       Code& code) override;
  void on_response_impl(int /*status*/, Text /*reason*/, int /*version*/, Code& /*code*/) override {}
  void on_field_impl(Field field, Text name, Text value_text, Code& code) override;
  void on_header_impl(Code& /*code*/) override { in_head_ = false; }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, Code& code) override;
  std::size_t on_body_impl(Text body, Code& code) override;
  void on_chunk_header_impl(std::uint64_t size, Text extensions, Code& code) override;
  std::size_t on_chunk_body_impl(std::uint64_t left, Text body, Code& code) override;
  void on_finish_impl(Code& /*code*/) override {}

  Result result_;
  std::size_t extension_bytes_left_;
  bool in_head_ = true;
};

}  // namespace jobqd::http
