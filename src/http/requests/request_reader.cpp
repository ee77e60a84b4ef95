#include "http/requests/request_reader.hpp"

#include <algorithm>
#include <utility>

#include <boost/beast/http/error.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/parse_query.hpp>
#include <fmt/format.h>

#include "http/requests/plain_head.hpp"

namespace jobqd::http {

namespace {

namespace beast = boost::beast;
using domain::Error;
using domain::ErrorCode;

Error error_of(const beast::error_code& code, std::size_t max_body) {
  using beast::http::error;
  if (code == error::body_limit)
    return {.code = ErrorCode::payload_too_large,
            .detail = fmt::format("the body is larger than the limit of {} bytes", max_body)};
  if (code == error::header_limit)
    return {.code = ErrorCode::header_too_large, .detail = "the header or trailer is too large"};
  return {.code = ErrorCode::malformed_request, .detail = code.message()};
}

}  // namespace

RequestReader::Step RequestReader::advance(beast::flat_buffer& in) {
  if (error_) return Step::refused;
  if (parser_ && parser_->is_done()) return Step::complete;
  return parser_ || body_left_ ? read_body(in) : read_head(in);
}

RequestReader::Step RequestReader::read_head(beast::flat_buffer& in) {
  const auto text = [&in] { return std::string_view(static_cast<const char*>(in.data().data()), in.size()); };
  // RFC 9112 section 2.2: empty lines before a request are to be ignored.
  while (text().starts_with("\r\n")) in.consume(2);
  if (text() == "\r") return Step::in_head;
  if (text().empty()) return Step::idle;
  if (auto error = scanner_.scan(text())) return refuse(*std::move(error));
  if (scanner_.size() == 0) return Step::in_head;

  // A copy, because the buffer moves when the body comes in.
  head_.assign(text().substr(0, scanner_.size()));
  in.consume(head_.size());
  body_left_ = read_plain_head(head_, limits_.body_bytes, facts_, fields_);
  if (body_left_) {
    body_.reserve(*body_left_);
  } else if (auto error = parse_head()) {
    return refuse(*std::move(error));
  }
  auto target = check_head(facts_, limits_.body_bytes);
  if (!target) return refuse(std::move(target.error()));
  target_ = *std::move(target);
  return read_body(in);
}

std::optional<Error> RequestReader::parse_head() {
  facts_ = {};
  fields_.clear();
  parser_.emplace(MessageParser::Result{.facts = facts_, .fields = fields_, .body = body_},
                  limits_.header_bytes);
  parser_->header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
  parser_->body_limit(limits_.body_bytes);
  beast::error_code code;
  parser_->put(boost::asio::buffer(head_), code);
  if (code) return error_of(code, limits_.body_bytes);
  if (!parser_->is_header_done())
    return Error{.code = ErrorCode::malformed_request, .detail = "the head is incomplete"};
  parser_->eager(true);
  return std::nullopt;
}

RequestReader::Step RequestReader::read_body(beast::flat_buffer& in) {
  if (!body_left_) return parse_body(in);
  const auto size = std::min<std::uint64_t>(in.size(), *body_left_);
  body_.append(static_cast<const char*>(in.data().data()), size);
  in.consume(size);
  *body_left_ -= size;
  return *body_left_ == 0 ? Step::complete : Step::in_body;
}

RequestReader::Step RequestReader::parse_body(beast::flat_buffer& in) {
  const auto text = [&in] { return std::string_view(static_cast<const char*>(in.data().data()), in.size()); };
  // Beast 1.81 asserts, when it looks at the last chunk again, that there are at least five bytes of it. The
  // shortest one has five, so nothing is lost by holding it back until then.
  const auto too_early = [&] {
    return parser_->expects_chunk_header() && text().size() < 5 && text().starts_with('0');
  };
  beast::error_code code;
  while (!parser_->is_done() && in.size() > 0 && !too_early()) {
    const auto used = parser_->put(in.data(), code);
    in.consume(used);
    if (code && code != beast::http::error::need_more) return refuse(error_of(code, limits_.body_bytes));
    if (used == 0) break;
  }
  if (parser_->is_done()) return Step::complete;
  // What is left is an unfinished chunk header or trailer. It has to stay valid and within its limit.
  if (has_bare_line_feed(text()))
    return refuse(
        {.code = ErrorCode::malformed_request, .detail = "a chunk header or trailer has a bare line feed"});
  if (in.size() > limits_.header_bytes)
    return refuse({.code = ErrorCode::header_too_large, .detail = "a chunk header or trailer is too large"});
  if (!facts_.expect.empty() && !facts_.http_1_0 && !std::exchange(said_100_, true)) return Step::wants_100;
  return Step::in_body;
}

RequestReader::Step RequestReader::refuse(Error error) {
  error_ = std::move(error);
  return Step::refused;
}

Request RequestReader::take() {
  Request request{
      .method = facts_.method, .path = std::move(target_.path), .body = std::move(body_), .fields = fields_};
  if (target_.query.empty()) return request;
  const auto params = boost::urls::parse_query(target_.query);
  if (params)
    for (const auto& param : *params) request.query.emplace_back(param.key.decode(), param.value.decode());
  return request;
}

void RequestReader::reset() {
  scanner_ = HeadScanner(limits_.header_bytes);
  body_left_.reset();
  parser_.reset();
  facts_ = {};
  fields_.clear();
  body_.clear();
  error_.reset();
  said_100_ = false;
}

}  // namespace jobqd::http
