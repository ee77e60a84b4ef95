#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <jobqd/http/port.hpp>
#include <jobqd/http/tls.hpp>

#include "http/connections/acceptor.hpp"
#include "http/connections/session.hpp"

namespace jobqd::http {

/// Accepts connections, keeps their number within bounds, and closes those that have run out of time.
/// On the thread of its io_context only.
class Listener {
 public:
  /// Clock, service and observers outlive it.
  Listener(boost::asio::io_context& io, const ServerOptions& options, const base::Clock& clock,
           Service& service, std::vector<Observer*> observers = {});

  /// Takes a port, before start(). What comes to it is TLS if `tls` is not null. The error is why not, in
  /// words.
  std::expected<void, std::string> open(Port port, std::shared_ptr<Tls> tls = nullptr);

  [[nodiscard]] std::uint16_t port() const { return port_; }  ///< The first of TCP; 0: there is none.

  void start();

  /// Stops accepting; closes every connection once it has been answered, or after `grace`. Ends when the last
  /// exchange has been answered, so that none outlives the listener.
  void stop(base::milliseconds grace);

 private:
  void admit(Socket socket, const Tls* tls);
  void for_each_session(const std::function<void(Session&)>& act);
  void sweep();
  void tick();

  ConnectionContext context_;
  std::list<Acceptor> acceptors_;
  boost::asio::steady_timer sweeper_;
  base::SteadyTime stop_deadline_{};
  std::uint16_t port_ = 0;
};

}  // namespace jobqd::http
