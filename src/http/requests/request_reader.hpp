#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <jobqd/domain/error.hpp>

#include "http/message.hpp"
#include "http/requests/message_parser.hpp"
#include "http/requests/session_rules.hpp"

namespace jobqd::http {

/// Turns the bytes of a connection into requests. Plain requests take a short path; all others go through
/// Beast's parser and the rules that it lacks. Does no I/O.
///
/// Not thread-safe. For each request: advance() until complete, take(), reset().
class RequestReader {
 public:
  struct Limits {
    std::size_t header_bytes;
    std::size_t body_bytes;
  };

  /// What the bytes so far amount to.
  enum class Step : std::uint8_t {
    idle,       ///< Nothing of a request has come in.
    in_head,    ///< More of the head is needed.
    in_body,    ///< More of the body is needed.
    wants_100,  ///< As in_body, and the client waits for "100 Continue". Reported once.
    complete,   ///< take() it.
    refused,    ///< Answer error() and close.
  };

  explicit RequestReader(Limits limits) : limits_(limits), scanner_(limits.header_bytes) {}

  /// Consumes from `in` what belongs to the present request. Repeating a call without new bytes changes
  /// nothing.
  Step advance(boost::beast::flat_buffer& in);

  /// Only when complete. The request refers to this reader until reset().
  [[nodiscard]] Request take();

  /// The request is refused for a reason that its bytes do not show. Before it is complete.
  void give_up(domain::Error error) { error_ = std::move(error); }

  /// Only when refused.
  [[nodiscard]] const domain::Error& error() const { return *error_; }

  /// Whether the connection may be used again after this request. Only when complete.
  [[nodiscard]] bool keep_alive() const { return body_left_ || parser_->keep_alive(); }

  /// Whether the request is HEAD, whose answer has no body, even if it is refused.
  [[nodiscard]] bool is_head() const {
    return (body_left_ || (parser_ && parser_->is_header_done())) && facts_.method == "HEAD";
  }
  [[nodiscard]] bool is_http_1_0() const { return facts_.http_1_0; }

  /// Prepares for the next request.
  void reset();

 private:
  Step read_head(boost::beast::flat_buffer& in);
  std::optional<domain::Error> parse_head();
  Step read_body(boost::beast::flat_buffer& in);
  Step parse_body(boost::beast::flat_buffer& in);
  Step refuse(domain::Error error);

  const Limits limits_;
  HeadScanner scanner_;
  std::string head_;  ///< Facts and fields refer to this text.
  HeadFacts facts_;
  std::vector<HeaderField> fields_;
  std::string body_;
  std::optional<std::uint64_t> body_left_;  ///< Set once the head of a plain request is complete,
  std::optional<MessageParser> parser_;     ///< or this, for any other request.
  Target target_;
  std::optional<domain::Error> error_;
  bool said_100_ = false;
};

}  // namespace jobqd::http
