#include "http/connections/session.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <new>
#include <utility>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <jobqd/base/number.hpp>

namespace jobqd::http {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Action = Conversation::Action;

/// Bodies of at least this size take turns.
constexpr std::size_t large_body = 64UL * 1024;

/// The method as one of a few texts that outlive the request.
std::string_view known_method(std::string_view method) {
  static constexpr std::array<std::string_view, 7> known{"POST", "GET",   "DELETE", "HEAD",
                                                         "PUT",  "PATCH", "OPTIONS"};
  const auto* const found = std::ranges::find(known, method);
  return found != known.end() ? *found : "other";
}

/// What a handler that threw is answered with. Out of memory it has changed nothing.
domain::Error error_of(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr)
    return {.code = domain::ErrorCode::out_of_memory, .detail = "there is no memory left for this request"};
  return {.code = domain::ErrorCode::internal, .detail = error.what()};
}

}  // namespace

void Session::start(std::unique_ptr<Transport> transport, ConnectionContext& context, Place place) {
  const std::shared_ptr<Session> session(
      new Session(std::move(transport), context, place), [](Session* ended) {
        asio::dispatch(ended->context_.executor, [owned = std::unique_ptr<Session>(ended)] {});
      });
  session->run();
}

Session::Session(std::unique_ptr<Transport> transport, ConnectionContext& context, Place place)
    : transport_(std::move(transport)),
      context_(context),
      conversation_(context.options, context.moment, place, transport_->is_open()),
      place_(place) {
  context_.sessions.insert(this);
  if (place_ == Place::beyond_limit) ++context_.beyond_limit;
  context_.observers.connection_opened();
}

Session::~Session() {
  hold(0);
  context_.sessions.erase(this);
  if (place_ == Place::beyond_limit) --context_.beyond_limit;
  if (!transport_->is_open() && !context_.moment.stopping) context_.observers.handshake_failed();
  context_.observers.connection_closed();
}

/// Performs what there is to do, up to the next event. Actions may report events themselves: an answer comes
/// while its request is handled.
void Session::run() {
  if (std::exchange(running_, true)) return;
  for (auto action = conversation_.next(); action != Action::wait; action = conversation_.next()) {
    perform(action);
    if (action == Action::close) break;
  }
  running_ = false;
}

void Session::perform(Action action) {
  switch (action) {
    case Action::wait:
      return;
    case Action::read:
      return transport_->read_some(conversation_.space(), shared_from_this());
    case Action::send:
      return send_soon();
    case Action::handle:
      return handle();
    case Action::refuse:
      return refuse();
    case Action::end_wait:
      return end_wait();
    case Action::produce:
      return context_.turns.queue(shared_from_this());
    case Action::linger:
      return transport_->end_sending();
    case Action::close: {
      const auto self = shared_from_this();  // What is let go of here may hold the last reference.
      transport_->close();
      wait_.reset();
      produce_ = {};
      return hold(0);
    }
  }
}

/// Runs `action`. If it finds no memory only this connection is lost.
void Session::contain(auto action) {
  try {
    action();
  } catch (const std::bad_alloc&) {
    running_ = false;
    close();
  }
}

void Session::opened() {
  contain([&] {
    conversation_.opened();
    run();
  });
}

void Session::read_done(const error_code& code, std::size_t bytes) {
  contain([&] {
    if (code == asio::error::eof)
      conversation_.peer_ended();
    else if (code)
      conversation_.failed();
    else
      conversation_.received(bytes);
    run();
  });
}

void Session::handle() {
  auto request = conversation_.take_request();
  const auto method = known_method(request.method);
  handled_.emplace(std::move(request), method, observed_now());
  if (handled_->request.body.size() >= large_body) return context_.turns.queue(shared_from_this());
  serve();
}

/// The turn of a large request, or of the next piece of an answer.
std::size_t Session::take_turn() {
  std::size_t bytes = 0;
  contain([&] {
    if (conversation_.closed()) return;
    if (produce_) {
      const auto before = conversation_.held_bytes();
      produce();
      bytes = base::sub_sat(conversation_.held_bytes(), before);
    } else {
      bytes = handled_->request.body.size();
      serve();
    }
  });
  return bytes;
}

void Session::produce() {
  const auto room = context_.budget.room(held_);
  hold(held_ + room.now);
  auto produce = std::exchange(produce_, {});
  try {
    produce(room);
  } catch (const std::exception& error) {
    if (!handled_ || handled_->status != 0) return close();  // Too late for another answer.
    respond(problem(error_of(error)));
  }
}

void Session::serve() {
  Request& request = handled_->request;
  if (place_ == Place::beyond_limit && !context_.service.answers_beyond_limit(request))
    return respond(problem(
        {.code = domain::ErrorCode::too_many_connections,
         .detail = fmt::format("{} connections are open already", context_.options.max_connections)}));
  try {
    context_.service.handle(request, shared_from_this());
  } catch (const std::exception& error) {
    // The last border: a handler that throws costs its client this one request.
    if (handled_) respond(problem(error_of(error)));
  }
}

void Session::refuse() {
  Response response = problem(conversation_.refusal());
  context_.observers.request_answered({.status = response.status});
  conversation_.answered(response);
}

/// Runs `action` on the connection's thread: now, if this is it.
void Session::on_thread(auto action) {
  if (context_.executor.running_in_this_thread()) {
    action(*this);
    return run();
  }
  asio::post(context_.executor, [self = shared_from_this(), action = std::move(action)]() mutable {
    self->contain([&] {
      action(*self);
      self->run();
    });
  });
}

void Session::respond(Response response) {
  on_thread([response = std::move(response)](Session& self) mutable {
    self.conversation_.answered(response);
    if (response.change) self.report(*response.change);
    self.finished(response.status);
  });
}

void Session::begin(Response head) {
  on_thread([head = std::move(head)](Session& self) mutable {
    if (self.handled_) self.handled_->status = head.status;
    self.conversation_.begun(head);
    self.hold(self.conversation_.held_bytes());
  });
}

void Session::write(std::string bytes) {
  on_thread([bytes = std::move(bytes)](Session& self) {
    self.conversation_.written(bytes);
    self.hold(self.conversation_.held_bytes());
  });
}

void Session::end() {
  on_thread([](Session& self) {
    self.conversation_.ended();
    self.finished(self.handled_ ? self.handled_->status : 0);
  });
}

void Session::when_room(Produce produce) {
  on_thread([produce = std::move(produce)](Session& self) mutable {
    if (self.conversation_.closed()) return;
    self.produce_ = std::move(produce);
    self.conversation_.wants_room();
  });
}

void Session::after(base::milliseconds wait, std::function<void()> function) {
  if (!handled_) return;
  hold(0);  // What it waits for is not in memory yet.
  wait_ = std::make_shared<Wait>(boost::asio::steady_timer(context_.executor, wait), std::move(function));
  wait_->timer.async_wait([self = shared_from_this(), wait = std::weak_ptr(wait_)](const error_code& code) {
    if (!code && !wait.expired()) self->end_wait();
  });
  conversation_.waits();
  run();
}

void Session::end_wait() {
  if (const auto wait = std::exchange(wait_, nullptr)) wait->function();
}

void Session::report(const Change& change) {
  if (!handled_ || context_.observers.empty()) return;
  context_.observers.admin_changed({.action = change.action,
                                    .target = handled_->request.path_param,
                                    .count = change.count,
                                    .peer = transport_->peer()});
}

/// The answer is complete: what belongs to its request is over.
void Session::finished(unsigned status) {
  if (!handled_) return;
  if (!context_.observers.empty())
    context_.observers.request_answered({.method = handled_->method,
                                         .route = handled_->request.route,
                                         .status = status,
                                         .duration = observed_now() - handled_->begun,
                                         .may_wait = handled_->request.may_wait});
  handled_.reset();
  wait_.reset();
  if (held_ > 0) hold(conversation_.held_bytes());
}

/// Sends once all that is ready on this thread has had its turn: clients that wait for several answers are
/// then woken once, not for each.
void Session::send_soon() {
  context_.unsent.push_back(shared_from_this());
  if (context_.unsent.size() > 1) return;
  asio::post(context_.executor, [&context = context_] {
    std::vector<std::shared_ptr<Session>> sessions;
    sessions.swap(context.unsent);
    for (const auto& session : sessions) session->send();
  });
}

/// The socket takes nearly every answer at once, without a wait.
void Session::send() {
  contain([&] {
    if (conversation_.closed()) return;
    error_code code;
    const auto bytes = transport_->try_write(conversation_.unsent(), code);
    if (code == asio::error::would_block) code = {};
    sent(code, bytes);
  });
}

void Session::write_done(const error_code& code, std::size_t bytes) {
  contain([&] { sent(code, bytes); });
}

void Session::sent(const error_code& code, std::size_t bytes) {
  if (code)
    conversation_.failed();
  else
    conversation_.sent(bytes);
  if (!conversation_.closed() && conversation_.output().is_sending())
    return transport_->write_some(conversation_.unsent(), shared_from_this());
  if (held_ > 0) hold(conversation_.held_bytes());
  run();
}

void Session::sweep() {
  conversation_.time_passed();
  run();
}

void Session::close() {
  conversation_.failed();
  run();
}

void Session::hold(std::size_t bytes) {
  context_.budget.change(std::exchange(held_, bytes), bytes);
  context_.moment.hold_back = context_.budget.hold_back();
}

/// Without observers no clock is read.
base::SteadyTime Session::observed_now() const {
  return context_.observers.empty() ? base::SteadyTime{} : context_.clock.now().steady;
}

}  // namespace jobqd::http
