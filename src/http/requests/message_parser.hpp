#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <boost/beast/http/basic_parser.hpp>

#include "http/message.hpp"
#include "http/requests/session_rules.hpp"

namespace jobqd::http {

/// Beast's parser, writing its results to where they are needed: it has no container and copies no head.
///
/// For one request; not thread-safe. The head has to be passed in one piece and must stay in place, because
/// facts and fields refer to it.
class MessageParser final : public boost::beast::http::basic_parser<true> {
 public:
  /// Where the results go. Empty at first; outlives the parser.
  struct Result {
    HeadFacts& facts;
    std::vector<HeaderField>& fields;  ///< Of the head. Trailers are ignored.
    std::string& body;
  };

  /// `extension_bytes`: the limit on all chunk extensions of the request together.
  MessageParser(Result result, std::size_t extension_bytes)
      : result_(result), extension_bytes_left_(extension_bytes) {}

  /// Whether what comes next is the header of a chunk, or the rest of the last one.
  [[nodiscard]] bool expects_chunk_header() const { return chunked() && chunk_left_ == 0; }

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
  std::uint64_t chunk_left_ = 0;  ///< Of the data of the present chunk.
  bool in_head_ = true;
};

}  // namespace jobqd::http
