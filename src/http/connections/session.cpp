#include "http/connections/session.hpp"

#include <cerrno>
#include <exception>
#include <utility>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <fmt/format.h>
#include <sys/socket.h>

#include <jobqd/base/check.hpp>

#include "http/requests/response_writer.hpp"
#include "http/requests/session_rules.hpp"

namespace jobqd::http {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

constexpr std::size_t header_bytes = 8UL * 1024;
constexpr std::size_t small_read = 4UL * 1024;
constexpr std::size_t large_read = 64UL * 1024;
constexpr std::size_t enough_to_send = 64UL * 1024;
constexpr base::milliseconds write_timeout{30'000};
/// How long a client may take to read our last words before its unread bytes make the kernel throw them away.
constexpr base::milliseconds linger_timeout{2'000};

/// What can be read from a connection that nobody reads.
enum class Unread : std::uint8_t { nothing, more, closed };

Unread look_at(int socket) {
  char first = 0;
  const auto bytes = ::recv(socket, &first, 1, MSG_PEEK | MSG_DONTWAIT);
  if (bytes > 0) return Unread::more;
  const bool nothing_yet = bytes < 0 && (errno == EAGAIN || errno == EINTR);
  return nothing_yet ? Unread::nothing : Unread::closed;
}

}  // namespace

std::shared_ptr<Session> Session::make(Socket socket, ConnectionContext& context) {
  return {new Session(std::move(socket), context), [](Session* session) {
            asio::dispatch(session->socket_.get_executor(), [owned = std::unique_ptr<Session>(session)] {});
          }};
}

Session::Session(Socket socket, ConnectionContext& context)
    : socket_(std::move(socket)),
      context_(context),
      reader_({.header_bytes = header_bytes, .body_bytes = context.options.max_body}) {
  context_.sessions.insert(this);
  error_code ignored;
  socket_.non_blocking(true, ignored);  // For send(). Where it fails, the first send does too.
}

Session::~Session() {
  context_.sessions.erase(this);
  if (beyond_limit_) --context_.beyond_limit;
}

void Session::start() {
  enter(Phase::idle);
  read();
}

void Session::start_beyond_limit() {
  beyond_limit_ = true;
  ++context_.beyond_limit;
  enter(Phase::head);  // No idling on a place that others need.
  read();
}

void Session::enter(Phase phase) {
  if (phase_ == phase && phase != Phase::writing) return;  // The clock of this phase runs already.
  phase_ = phase;
  const auto limit = [&]() -> base::milliseconds {
    switch (phase) {
      case Phase::idle:
        return context_.options.idle_timeout;
      case Phase::head:
        return context_.options.header_timeout;
      case Phase::body:
        return context_.options.body_timeout;
      case Phase::handling:
        return std::chrono::hours{24};  // Handlers have limits of their own.
      case Phase::writing:
        return write_timeout;
      case Phase::lingering:
        return linger_timeout;
    }
    return {};
  }();
  deadline_ = context_.now + limit;
}

void Session::read() {
  if (reading_) return;
  reading_ = true;
  const auto size = phase_ == Phase::body ? large_read : small_read;
  if (in_.size() == 0 && in_.capacity() > small_read) in_ = {};
  socket_.async_read_some(in_.prepare(size),
                          beast::bind_front_handler(&Session::on_read, shared_from_this()));
}

void Session::on_read(const error_code& code, std::size_t bytes) {
  reading_ = false;
  if (code) return close();
  if (closing_) {
    // Read to keep the connection from being reset before the client has our answer; the words are not
    // wanted.
    if (phase_ == Phase::lingering) read();
    return;
  }
  in_.commit(bytes);
  process();
}

void Session::process() {
  processing_ = true;
  while (!closing_ && !awaiting_ && !writing_ && out_.size() < enough_to_send && step()) {
  }
  processing_ = false;
  if (!out_.empty()) return send_soon();
  if (produce_ && !writing_) return ask_for_piece();
  if (awaiting_ || writing_) return;
  if (!closing_)
    read();
  else if (socket_.is_open() && phase_ != Phase::lingering)
    linger();
}

/// Goes one step further with the input; false when more of it is needed.
bool Session::step() {
  switch (reader_.advance(in_)) {
    case RequestReader::Step::idle:
      enter(Phase::idle);
      if (context_.stopping) close();
      return false;
    case RequestReader::Step::in_head:
      enter(Phase::head);
      return false;
    case RequestReader::Step::wants_100:
      out_ += "HTTP/1.1 100 Continue\r\n\r\n";
      [[fallthrough]];
    case RequestReader::Step::in_body:
      enter(Phase::body);
      return false;
    case RequestReader::Step::complete:
      handle();
      return true;
    case RequestReader::Step::refused:
      refuse(reader_.error());
      return false;
  }
  return false;
}

void Session::handle() {
  enter(Phase::handling);
  request_ = reader_.take();
  awaiting_ = true;
  if (beyond_limit_ && !context_.service.answers_beyond_limit(*request_))
    return respond(problem(
        {.code = domain::ErrorCode::too_many_connections,
         .detail = fmt::format("{} connections are open already", context_.options.max_connections)}));
  try {
    context_.service.handle(*request_, shared_from_this());
  } catch (const std::exception& error) {
    // The last border: a handler that throws has a bug, which costs its client this one request.
    if (awaiting_) respond(problem({.code = domain::ErrorCode::internal, .detail = error.what()}));
  }
}

/// Runs `action` on the connection's thread: now, where this is it.
void Session::on_thread(auto action) {
  if (socket_.get_executor().running_in_this_thread()) return action(*this);
  asio::post(socket_.get_executor(),
             [self = shared_from_this(), action = std::move(action)]() mutable { action(*self); });
}

void Session::respond(Response response) {
  on_thread([response = std::move(response)](Session& self) mutable { self.answer(std::move(response)); });
}

void Session::begin(Response head) {
  on_thread([head = std::move(head)](Session& self) mutable {
    JOBQD_CHECK(self.awaiting_);
    head.close = head.close || self.beyond_limit_ || self.context_.stopping || !self.reader_.keep_alive() ||
                 self.reader_.is_http_1_0();
    append_streamed_head(self.out_, head,
                         {.date = self.context_.date, .http_1_0 = self.reader_.is_http_1_0()});
    self.close_after_answer_ = head.close;
    self.append_piece(head.body);
  });
}

void Session::write(std::string bytes) {
  on_thread([bytes = std::move(bytes)](Session& self) { self.append_piece(bytes); });
}

void Session::append_piece(std::string_view bytes) {
  JOBQD_CHECK(awaiting_);
  if (!reader_.is_head() && socket_.is_open()) {
    if (reader_.is_http_1_0())
      out_ += bytes;
    else
      append_chunk(out_, bytes);
  }
  if (!processing_) process();
}

void Session::end() {
  on_thread([](Session& self) {
    JOBQD_CHECK(self.awaiting_);
    if (!self.reader_.is_head() && !self.reader_.is_http_1_0()) append_last_chunk(self.out_);
    self.closing_ = self.closing_ || self.close_after_answer_;
    self.request_.reset();
    self.reader_.reset();
    self.finish_answer();
  });
}

void Session::when_room(Produce produce) {
  on_thread([produce = std::move(produce)](Session& self) mutable {
    if (!self.socket_.is_open()) return;
    self.produce_ = std::move(produce);
    if (!self.processing_) self.process();
  });
}

void Session::ask_for_piece() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (auto produce = std::exchange(self->produce_, {})) produce(piece_bytes);
  });
}

void Session::answer(Response response) {
  JOBQD_CHECK(awaiting_);
  append(std::move(response));
  finish_answer();
}

void Session::finish_answer() {
  const auto self = shared_from_this();  // What is let go of here may hold the last reference.
  awaiting_ = false;
  timer_.reset();
  gone_ = {};
  if (!processing_) process();
}

void Session::after(base::milliseconds wait, std::function<void()> function) {
  timer_.emplace(socket_.get_executor(), context_.stopping ? base::milliseconds{0} : wait);
  timer_->async_wait([self = shared_from_this(), function = std::move(function)](const error_code& code) {
    if ((!code || self->context_.stopping) && self->awaiting_) function();
  });
}

void Session::when_gone(std::function<void()> function) {
  gone_ = std::move(function);
  watch();
}

void Session::watch() {
  if (std::exchange(watching_, true)) return;  // For an earlier exchange, but what comes is the same.
  socket_.async_wait(Socket::wait_read, beast::bind_front_handler(&Session::on_watched, shared_from_this()));
}

void Session::on_watched(const error_code& code) {
  watching_ = false;
  if (!gone_) return;
  const auto unread = code ? Unread::closed : look_at(socket_.native_handle());
  if (unread == Unread::nothing) return watch();
  if (unread == Unread::more) return;  // It will be read in its turn, and hides what comes behind it.
  std::exchange(gone_, {})();
  timer_.reset();
  close();
}

void Session::append(Response response) {
  response.close = response.close || beyond_limit_ || context_.stopping || !reader_.keep_alive();
  append_response(out_, response,
                  {.date = context_.date, .head = reader_.is_head(), .http_1_0 = reader_.is_http_1_0()});
  closing_ = response.close;
  request_.reset();
  reader_.reset();
}

void Session::refuse(const domain::Error& error) {
  Response response = problem(error);
  response.close = true;
  append_response(out_, response, {.date = context_.date, .head = reader_.is_head(), .http_1_0 = false});
  closing_ = true;
}

/// Sends once all that is ready on this thread has had its turn: clients that wait for several answers are
/// then woken once, not for each.
void Session::send_soon() {
  if (!awaiting_) enter(Phase::writing);
  if (writing_ || std::exchange(unsent_, true)) return;
  context_.unsent.push_back(shared_from_this());
  if (context_.unsent.size() > 1) return;
  asio::post(socket_.get_executor(), [&context = context_] {
    std::vector<std::shared_ptr<Session>> sessions;
    sessions.swap(context.unsent);
    for (const auto& session : sessions) {
      session->unsent_ = false;
      if (session->send()) session->process();
    }
  });
}

/// Gives the socket what there is to send. True when all of it is gone: the socket takes nearly every answer
/// at once, without a wait.
bool Session::send() {
  error_code code;
  const auto sent = socket_.write_some(asio::buffer(out_), code);
  if (code && code != asio::error::would_block) {
    out_.clear();
    close();
    return false;
  }
  if (sent < out_.size()) {
    send_rest(sent);
    return false;
  }
  out_.clear();
  if (out_.capacity() > enough_to_send) out_.shrink_to_fit();
  return true;
}

void Session::send_rest(std::size_t sent) {
  if (!awaiting_) enter(Phase::writing);
  writing_ = true;
  sending_.swap(out_);
  asio::async_write(
      socket_, asio::buffer(sending_) + sent,
      [self = shared_from_this()](const error_code& code, std::size_t) { self->on_write(code); });
}

void Session::on_write(const error_code& code) {
  writing_ = false;
  if (code) return close();
  sending_.clear();
  if (sending_.capacity() > enough_to_send) sending_.shrink_to_fit();
  process();
}

void Session::linger() {
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  enter(Phase::lingering);
  in_.clear();
  read();
}

void Session::sweep() {
  if (context_.now < deadline_) return;
  if (phase_ != Phase::head && phase_ != Phase::body) return close();
  refuse({.code = domain::ErrorCode::request_timeout, .detail = "the request was not complete in time"});
  process();
}

void Session::wind_down() {
  if (phase_ == Phase::idle) close();
  if (timer_) timer_->cancel();
}

void Session::close() {
  closing_ = true;
  produce_ = {};
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace jobqd::http
