#include "http/connections/listener.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "http/requests/response_writer.hpp"

namespace jobqd::http {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr base::milliseconds sweep_interval{250};
constexpr base::milliseconds accept_pause{100};
/// Connections beyond the limit that are answered once; more than these are just closed.
constexpr std::size_t beyond_limit_at_once = 64;
/// Connections accepted before others get a turn. One at a time would let new ones, health probes among them,
/// wait behind whatever all the present ones ask for.
constexpr int accepted_at_once = 64;
/// What answers in pieces, lists and leases, may hold in all.
constexpr std::size_t budget_bytes = 64UL * 1024 * 1024;

}  // namespace

Listener::Listener(asio::io_context& io, const ServerOptions& options, const base::Clock& clock,
                   Service& service, std::vector<Observer*> observers)
    : context_{.executor = io.get_executor(),
               .options = options,
               .service = service,
               .clock = clock,
               .observers = Observers(std::move(observers)),
               .turns = Turns(io.get_executor()),
               .budget = AnswerBudget(budget_bytes, context_.options.max_connections)},
      acceptor_(io),
      sweeper_(io),
      pause_(io) {
  tick();
}

std::expected<void, std::string> Listener::open(Port port) {
  const auto number = port.number();
  const auto failed = [number](const error_code& code) {
    return std::unexpected(fmt::format("cannot serve port {}: {}", number, code.message()));
  };
  error_code code;
  const int descriptor = port.release();
  if (acceptor_.assign(port.is_ipv6() ? tcp::v6() : tcp::v4(), descriptor, code); code) {
    ::close(descriptor);
    return failed(code);
  }
  if (acceptor_.non_blocking(true, code); code) return failed(code);
  port_ = number;
  return {};
}

void Listener::start() {
  accept();
  sweep();
}

void Listener::accept() {
  acceptor_.async_accept([this](const error_code& code, Socket socket) {
    if (!acceptor_.is_open()) return;
    if (code) return retry_accept_later();
    admit(std::move(socket));
    accept_waiting();
    accept();
  });
}

/// Those that have connected meanwhile. An error comes again with the next accept().
void Listener::accept_waiting() {
  error_code code;
  for (int accepted = 1; accepted < accepted_at_once; ++accepted) {
    Socket socket(context_.executor);
    if (acceptor_.accept(socket, code); code) return;
    admit(std::move(socket));
  }
}

/// There are no descriptors left, most likely: they come back when connections end.
void Listener::retry_accept_later() {
  pause_.expires_after(accept_pause);
  pause_.async_wait([this](const error_code& code) {
    if (!code) accept();
  });
}

void Listener::admit(Socket socket) {
  const auto served = context_.sessions.size() - context_.beyond_limit;
  if (served < context_.options.max_connections) {
    Session::start(plain_transport(std::move(socket)), context_, Session::Place::regular);
  } else if (context_.beyond_limit < beyond_limit_at_once) {
    Session::start(plain_transport(std::move(socket)), context_, Session::Place::beyond_limit);
  } else {
    context_.observers.connection_refused();
  }
}

void Listener::tick() {
  const auto now = context_.clock.now();
  context_.moment.now = now.steady;
  context_.moment.date = http_date(now.wall);
}

/// What is done to one session may end others.
void Listener::for_each_session(const std::function<void(Session&)>& act) {
  for (Session* session : std::vector(context_.sessions.begin(), context_.sessions.end())) {
    if (!context_.sessions.contains(session)) continue;
    // Empty while the session is on its way out.
    if (const auto alive = session->weak_from_this().lock()) act(*alive);
  }
}

void Listener::sweep() {
  tick();
  const bool out_of_time = context_.moment.stopping && context_.moment.now >= stop_deadline_;
  for_each_session([&](Session& session) { out_of_time ? session.close() : session.sweep(); });
  if (context_.moment.stopping && context_.sessions.empty()) return;
  sweeper_.expires_after(context_.moment.stopping ? base::milliseconds{10} : sweep_interval);
  sweeper_.async_wait([this](const error_code& code) {
    if (!code) sweep();
  });
}

void Listener::stop(base::milliseconds grace) {
  if (std::exchange(context_.moment.stopping, true)) return;
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  tick();
  stop_deadline_ = context_.moment.now + grace;
  for_each_session([](Session& session) { session.wind_down(); });
  sweeper_.cancel();
  sweep();
}

}  // namespace jobqd::http
