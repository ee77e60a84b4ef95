#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <jobqd/http/port.hpp>

#include "http/connections/session.hpp"

namespace jobqd::http {

/// Accepts connections, keeps their number within bounds, and closes those that have run out of time.
/// On the thread of its io_context only.
class Listener {
 public:
  /// Clock, service and observers outlive it.
  Listener(boost::asio::io_context& io, const ServerOptions& options, const base::Clock& clock,
           Service& service, std::vector<Observer*> observers = {});

  /// Takes the port. The error is why not, in words.
  std::expected<void, std::string> open(Port port);

  [[nodiscard]] std::uint16_t port() const { return port_; }  ///< 0: it is not open.

  void start();

  /// Stops accepting; closes every connection once it has been answered, or after `grace`. Ends when the last
  /// exchange has been answered, so that none outlives the listener.
  void stop(base::milliseconds grace);

 private:
  void accept();
  void accept_waiting();
  void admit(Socket socket);
  void retry_accept_later();
  void for_each_session(const std::function<void(Session&)>& act);
  void sweep();
  void tick();

  ConnectionContext context_;
  boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor> acceptor_;
  boost::asio::steady_timer sweeper_;
  boost::asio::steady_timer pause_;
  base::SteadyTime stop_deadline_{};
  std::uint16_t port_ = 0;
};

}  // namespace jobqd::http
