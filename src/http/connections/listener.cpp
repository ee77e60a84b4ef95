#include "http/connections/listener.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "http/requests/response_writer.hpp"

namespace jobqd::http {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr base::milliseconds sweep_interval{250};
constexpr base::milliseconds accept_pause{100};
/// Connections over the limit that are answered once; more than these are just closed.
constexpr std::size_t beyond_limit_at_once = 64;

}  // namespace

Listener::Listener(asio::io_context& io, ServerOptions options, const base::Clock& clock, Service& service)
    : clock_(clock),
      context_{.options = std::move(options), .service = service},
      acceptor_(io),
      sweeper_(io),
      pause_(io) {
  tick();
}

std::expected<std::uint16_t, std::string> Listener::open() {
  const auto& [address, port] = std::tie(context_.options.address, context_.options.port);
  const auto failed = [&](const error_code& code) {
    return std::unexpected(fmt::format("cannot listen on {}:{}: {}", address, port, code.message()));
  };
  error_code code;
  const tcp::endpoint endpoint(asio::ip::make_address(address, code), port);
  if (code) return failed(code);
  if (acceptor_.open(endpoint.protocol(), code); code) return failed(code);
  if (acceptor_.set_option(tcp::acceptor::reuse_address(true), code); code) return failed(code);
  if (acceptor_.bind(endpoint, code); code) return failed(code);
  if (acceptor_.listen(tcp::acceptor::max_listen_connections, code); code) return failed(code);
  return acceptor_.local_endpoint().port();
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
    accept();
  });
}

/// Out of descriptors, most likely: they come back when connections end.
void Listener::retry_accept_later() {
  pause_.expires_after(accept_pause);
  pause_.async_wait([this](const error_code& code) {
    if (!code) accept();
  });
}

void Listener::admit(Socket socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  const auto served = context_.sessions.size() - context_.beyond_limit;
  if (served < context_.options.max_connections) {
    Session::make(std::move(socket), context_)->start();
  } else if (context_.beyond_limit < beyond_limit_at_once) {
    Session::make(std::move(socket), context_)->start_beyond_limit();
  }
}

void Listener::tick() {
  const auto now = clock_.now();
  context_.now = now.steady;
  context_.date = http_date(now.wall);
}

void Listener::sweep() {
  tick();
  const bool out_of_time = context_.stopping && context_.now >= stop_deadline_;
  // Closing one may end others, so go through a copy.
  for (Session* session : std::vector(context_.sessions.begin(), context_.sessions.end())) {
    if (!context_.sessions.contains(session)) continue;
    const auto alive = session->shared_from_this();
    if (out_of_time)
      alive->close();
    else
      alive->sweep();
  }
  if (context_.stopping && context_.sessions.empty()) return;
  sweeper_.expires_after(context_.stopping ? base::milliseconds{10} : sweep_interval);
  sweeper_.async_wait([this](const error_code& code) {
    if (!code) sweep();
  });
}

void Listener::stop(base::milliseconds grace) {
  if (std::exchange(context_.stopping, true)) return;
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  tick();
  stop_deadline_ = context_.now + grace;
  for (Session* session : std::vector(context_.sessions.begin(), context_.sessions.end()))
    session->wind_down();
  sweeper_.cancel();
  sweep();
}

}  // namespace jobqd::http
