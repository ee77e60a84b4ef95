#include "http/request_reader.hpp"

#include <algorithm>
#include <utility>

#include <boost/beast/http/error.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/parse_query.hpp>
#include <fmt/format.h>

namespace jobqd::http {

namespace {

namespace beast = boost::beast;
using domain::Error;
using domain::ErrorCode;

std::string_view std_view(beast::string_view text) {
  return {text.data(), text.size()};
}

Error error_of(const beast::error_code& code, std::size_t max_body) {
  using beast::http::error;
  if (code == error::body_limit)
    return {.code = ErrorCode::payload_too_large,
            .detail = fmt::format("the body has more than the {} bytes that are taken", max_body)};
  if (code == error::header_limit)
    return {.code = ErrorCode::header_too_large, .detail = "the header or trailer is too large"};
  return {.code = ErrorCode::malformed_request, .detail = code.message()};
}

}  // namespace

RequestReader::Step RequestReader::advance(beast::flat_buffer& in) {
  if (error_) return Step::refused;
  if (parser_ && parser_->is_done()) return Step::complete;
  return parser_ ? read_body(in) : read_head(in);
}

RequestReader::Step RequestReader::read_head(beast::flat_buffer& in) {
  const auto text = [&in] { return std::string_view(static_cast<const char*>(in.data().data()), in.size()); };
  // RFC 9112 section 2.2: empty lines before a request are to be ignored.
  while (text().starts_with("\r\n")) in.consume(2);
  if (text() == "\r") return Step::in_head;
  if (text().empty()) return Step::idle;
  if (auto error = scanner_.scan(text())) return refuse(*std::move(error));
  if (scanner_.size() == 0) return Step::in_head;

  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
  parser_->body_limit(limits_.body_bytes);
  beast::error_code code;
  in.consume(parser_->put(boost::asio::buffer(in.data(), scanner_.size()), code));
  if (code) return refuse(error_of(code, limits_.body_bytes));
  if (!parser_->is_header_done())
    return refuse({.code = ErrorCode::malformed_request, .detail = "the head is incomplete"});
  collect_facts();
  auto target = check_head(facts_, limits_.body_bytes);
  if (!target) return refuse(std::move(target.error()));
  target_ = *std::move(target);

  if (parser_->chunked()) head_ = parser_->get();
  on_chunk_ = [left = limits_.header_bytes](std::uint64_t, beast::string_view extensions,
                                            beast::error_code& bad) mutable {
    if (extensions.size() > std::exchange(left, left - std::min(left, extensions.size())))
      bad = beast::http::error::header_limit;
    else if (!valid_chunk_extensions(std_view(extensions)))
      bad = beast::http::error::bad_chunk_extension;
  };
  parser_->on_chunk_header(on_chunk_);
  parser_->eager(true);
  return read_body(in);
}

RequestReader::Step RequestReader::read_body(beast::flat_buffer& in) {
  const auto text = [&in] { return std::string_view(static_cast<const char*>(in.data().data()), in.size()); };
  // Looking at the last chunk again, Beast 1.81 asserts that it has a fifth byte, which may be still to come.
  const auto too_early = [&] {
    return parser_->chunked() && text().size() == 4 && text().starts_with("0\r\n");
  };
  beast::error_code code;
  while (!parser_->is_done() && in.size() > 0 && !too_early()) {
    const auto used = parser_->put(in.data(), code);
    in.consume(used);
    if (code && code != beast::http::error::need_more) return refuse(error_of(code, limits_.body_bytes));
    if (used == 0) break;
  }
  if (parser_->is_done()) return Step::complete;
  // What stays in the buffer is an unfinished chunk header or trailer: it has to become a valid one, and to
  // end some time.
  if (has_bare_line_feed(text()))
    return refuse(
        {.code = ErrorCode::malformed_request, .detail = "a chunk header or trailer has a bare line feed"});
  if (in.size() > limits_.header_bytes)
    return refuse({.code = ErrorCode::header_too_large, .detail = "a chunk header or trailer is too large"});
  if (!facts_.expect.empty() && !facts_.http_1_0 && !std::exchange(said_100_, true)) return Step::wants_100;
  return Step::in_body;
}

void RequestReader::collect_facts() {
  using beast::http::field;
  const auto& head = parser_->get();
  facts_ = {};
  facts_.method = std_view(head.method_string());
  facts_.target = std_view(head.target());
  facts_.http_1_0 = head.version() == 10;
  for (const auto& line : head) {
    const auto value = std_view(line.value());
    switch (line.name()) {
      case field::host:
        if (facts_.host_count++ == 0) facts_.host = value;
        break;
      case field::transfer_encoding:
        if (facts_.transfer_encoding_count++ == 0) facts_.transfer_encoding = value;
        break;
      case field::content_length:
        if (facts_.content_length_count++ == 0) facts_.content_length = value;
        break;
      case field::content_encoding:
        if (facts_.content_encoding.empty()) facts_.content_encoding = value;
        break;
      case field::expect:
        if (facts_.expect.empty()) facts_.expect = value;
        break;
      default:
        break;
    }
  }
}

RequestReader::Step RequestReader::refuse(Error error) {
  error_ = std::move(error);
  return Step::refused;
}

std::vector<std::string_view> RequestReader::headers(std::string_view name) const {
  std::vector<std::string_view> values;
  const beast::http::fields& head = head_ ? *head_ : parser_->get();
  const beast::string_view wanted(name.data(), name.size());
  for (const auto& line : head)  // There are few: faster than the ordered set behind find().
    if (line.name_string().size() == wanted.size() && beast::iequals(line.name_string(), wanted))
      values.push_back(std_view(line.value()));
  return values;
}

Request RequestReader::take() {
  Request request{.method = facts_.method,
                  .path = std::move(target_.path),
                  .body = std::move(parser_->get().body()),
                  .headers = [this](std::string_view name) { return headers(name); }};
  if (target_.query.empty()) return request;
  const auto params = boost::urls::parse_query(target_.query);
  if (params)
    for (const auto& param : *params) request.query.emplace_back(param.key.decode(), param.value.decode());
  return request;
}

void RequestReader::reset() {
  scanner_ = HeadScanner(limits_.header_bytes);
  parser_.reset();
  facts_ = {};
  head_.reset();
  error_.reset();
  said_100_ = false;
}

}  // namespace jobqd::http
