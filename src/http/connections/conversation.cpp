// What a connection does next. Every change of Phase is in this file.

#include "http/connections/conversation.hpp"

#include <utility>

#include <jobqd/base/check.hpp>

namespace jobqd::http {

namespace {

constexpr std::size_t header_bytes = 8UL * 1024;
constexpr std::size_t small_read = 4UL * 1024;
constexpr std::size_t large_read = 64UL * 1024;
/// Answers to pipelined requests gather up to this before they are sent.
constexpr std::size_t enough_to_send = 64UL * 1024;
/// How much is read ahead while a handler waits, to see the end of the peer behind it.
constexpr std::size_t ahead_bytes = 64UL * 1024;
constexpr base::milliseconds write_timeout{30'000};
/// How long a client may take to read the last answer of a connection.
constexpr base::milliseconds linger_timeout{2'000};

bool in_request(Conversation::Phase phase) {
  return phase <= Conversation::Phase::body;
}

bool with_handler(Conversation::Phase phase) {
  return phase >= Conversation::Phase::handling && phase <= Conversation::Phase::hungry;
}

}  // namespace

Conversation::Conversation(const ServerOptions& options, const Moment& moment, Place place, bool is_open)
    : options_(options),
      moment_(moment),
      reader_({.header_bytes = header_bytes, .body_bytes = options.max_body}),
      phase_(Phase::opening),
      last_(place == Place::beyond_limit) {
  restart_clock();
  if (is_open) opened();
}

void Conversation::opened() {
  if (phase_ == Phase::opening) enter(last_ ? Phase::head : Phase::idle);
}

Conversation::Action Conversation::next() {
  if (unread_ && in_request(phase_)) look();
  if (in_request(phase_) && !unread_ && input_.ended()) enter(Phase::ending);
  if (phase_ <= Phase::idle && moment_.stopping && output_.empty()) enter(Phase::closed);
  if (phase_ == Phase::waiting && (moment_.stopping || input_.ended())) {
    enter(Phase::handling);
    wait_is_over_ = true;
  }
  if (std::exchange(wait_is_over_, false)) return Action::end_wait;
  if (phase_ == Phase::closed) return Action::close;
  if (phase_ == Phase::requested) return Action::handle;
  if (phase_ == Phase::refused) return Action::refuse;
  if (!output_.empty() && !output_.is_sending()) {
    output_.begin_sending();
    restart_clock();
    return Action::send;
  }
  if (output_.empty() && phase_ == Phase::hungry) {
    enter(Phase::handling);
    return Action::produce;
  }
  if (output_.empty() && phase_ == Phase::ending) {
    enter(input_.ended() ? Phase::closed : Phase::lingering);
    return input_.ended() ? Action::close : Action::linger;
  }
  // A client that does not read its answers is not read from either, except to see that it goes.
  const bool wants_input = (in_request(phase_) && output_.empty()) ||
                           (phase_ == Phase::waiting && input_.size() < ahead_bytes) ||
                           phase_ == Phase::lingering;
  return wants_input && !input_.ended() && !input_.reading() ? Action::read : Action::wait;
}

boost::asio::mutable_buffer Conversation::space() {
  return input_.begin_read(phase_ == Phase::body ? large_read : small_read, phase_ == Phase::waiting);
}

void Conversation::received(std::size_t bytes) {
  if (phase_ >= Phase::ending) return input_.drop();
  input_.received(bytes);
  unread_ = true;
}

void Conversation::peer_ended() {
  input_.end();
  if (phase_ == Phase::lingering) enter(Phase::closed);
}

void Conversation::failed() {
  wait_is_over_ = wait_is_over_ || phase_ == Phase::waiting;
  enter(Phase::closed);
}

void Conversation::sent(std::size_t bytes) {
  output_.sent(bytes);
  if (!output_.is_sending()) restart_clock();
}

void Conversation::time_passed() {
  if (moment_.now < deadline_) return;
  const bool slow_request = phase_ == Phase::head || phase_ == Phase::body;
  if (!slow_request || output_.is_sending()) return failed();
  reader_.give_up(
      {.code = domain::ErrorCode::request_timeout, .detail = "the request was not complete in time"});
  enter(Phase::refused);
}

/// Goes through the input up to the next request that is complete, or to its end.
void Conversation::look() {
  if (output_.is_sending() || output_.size() >= enough_to_send) return;
  unread_ = false;
  switch (reader_.advance(input_.bytes())) {
    case RequestReader::Step::idle:
      return enter(last_ ? Phase::head : Phase::idle);
    case RequestReader::Step::in_head:
      return enter(Phase::head);
    case RequestReader::Step::wants_100:
      output_.text() += "HTTP/1.1 100 Continue\r\n\r\n";
      return enter(Phase::body);
    case RequestReader::Step::in_body:
      return enter(Phase::body);
    case RequestReader::Step::complete:
      return enter(Phase::requested);
    case RequestReader::Step::refused:
      return enter(Phase::refused);
  }
}

Request Conversation::take_request() {
  JOBQD_CHECK(phase_ == Phase::requested);
  enter(Phase::handling);
  return reader_.take();
}

void Conversation::waits() {
  if (with_handler(phase_)) enter(Phase::waiting);
}

void Conversation::wants_room() {
  if (with_handler(phase_)) enter(Phase::hungry);
}

void Conversation::answered(Response& response) {
  if (closed()) return;
  JOBQD_CHECK(with_handler(phase_) || phase_ == Phase::refused);
  close_after(response);
  append_response(output_.text(), response,
                  {.date = moment_.date, .head = reader_.is_head(), .http_1_0 = reader_.is_http_1_0()});
  finish();
}

void Conversation::begun(Response& head) {
  if (closed()) return;
  draft_ = std::move(head);
  written({});
}

/// Decides whether the answer is the last one of the connection, and has it say so.
void Conversation::close_after(Response& response) {
  last_ = last_ || response.close || moment_.stopping || phase_ == Phase::refused || !reader_.keep_alive();
  response.close = last_;
}

void Conversation::written(std::string_view bytes) {
  if (closed()) return;
  JOBQD_CHECK(with_handler(phase_));
  std::string_view piece = bytes;
  std::optional<Response> begun;
  if (draft_) {
    draft_->body += bytes;
    if (draft_->body.size() <= moment_.hold_back) return;
    begun = std::exchange(draft_, std::nullopt);
    begun->close = begun->close || reader_.is_http_1_0();
    close_after(*begun);
    append_streamed_head(output_.text(), *begun, {.date = moment_.date, .http_1_0 = reader_.is_http_1_0()});
    piece = begun->body;
  }
  if (reader_.is_head()) return;
  if (reader_.is_http_1_0())
    output_.text() += piece;
  else
    append_chunk(output_.text(), piece);
}

void Conversation::ended() {
  if (closed()) return;
  JOBQD_CHECK(with_handler(phase_));
  if (auto whole = std::exchange(draft_, std::nullopt)) return answered(*whole);
  if (!reader_.is_head() && !reader_.is_http_1_0()) append_last_chunk(output_.text());
  finish();
}

/// The answer is complete: on to the next request.
void Conversation::finish() {
  reader_.reset();
  unread_ = true;
  enter(last_ ? Phase::ending : Phase::idle);
}

void Conversation::enter(Phase phase) {
  if (std::exchange(phase_, phase) == phase || output_.is_sending()) return;  // The clock runs already.
  restart_clock();
}

void Conversation::restart_clock() {
  const auto limit = [this]() -> base::milliseconds {
    if (output_.is_sending()) return write_timeout;
    switch (phase_) {
      case Phase::idle:
        return options_.idle_timeout;
      case Phase::opening:
      case Phase::head:
        return options_.header_timeout;
      case Phase::body:
        return options_.body_timeout;
      case Phase::lingering:
        return linger_timeout;
      default:
        return std::chrono::hours{24};  // Handlers have limits of their own, and sending has one.
    }
  }();
  deadline_ = moment_.now + limit;
}

}  // namespace jobqd::http
