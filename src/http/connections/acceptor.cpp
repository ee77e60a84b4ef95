#include "http/connections/acceptor.hpp"

#include <utility>

#include <unistd.h>

#include <jobqd/base/clock.hpp>

namespace jobqd::http {

namespace {

using boost::system::error_code;

constexpr base::milliseconds accept_pause{100};
/// Connections accepted before others get a turn. One at a time would let new ones, health probes among them,
/// wait behind whatever all the present ones ask for.
constexpr int accepted_at_once = 64;

}  // namespace

Acceptor::Acceptor(const Executor& executor, Port port, Admit admit, error_code& code)
    : acceptor_(executor), pause_(executor), port_(std::move(port)), admit_(std::move(admit)) {
  const boost::asio::generic::stream_protocol protocol(port_.family(), 0);
  const int descriptor = port_.release();
  if (acceptor_.assign(protocol, descriptor, code); code) {
    ::close(descriptor);
    return;
  }
  acceptor_.non_blocking(true, code);
}

void Acceptor::start() {
  accept();
}

void Acceptor::accept() {
  acceptor_.async_accept([this](const error_code& code, Socket socket) {
    if (!acceptor_.is_open()) return;
    if (code) return retry_later();
    admit_(std::move(socket));
    accept_waiting();
    accept();
  });
}

/// Those that have connected meanwhile. An error comes again with the next accept().
void Acceptor::accept_waiting() {
  error_code code;
  for (int accepted = 1; accepted < accepted_at_once; ++accepted) {
    Socket socket(acceptor_.get_executor());
    if (acceptor_.accept(socket, code); code) return;
    admit_(std::move(socket));
  }
}

/// There are no descriptors left, most likely: they come back when connections end.
void Acceptor::retry_later() {
  pause_.expires_after(accept_pause);
  pause_.async_wait([this](const error_code& code) {
    if (!code) accept();
  });
}

void Acceptor::close() {
  port_.remove_file();
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

}  // namespace jobqd::http
