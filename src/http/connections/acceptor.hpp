#pragma once

#include <functional>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <jobqd/http/port.hpp>

#include "http/connections/transport.hpp"

namespace jobqd::http {

/// Accepts the connections of one port. On the thread of its io_context only.
class Acceptor {
 public:
  using Admit = std::function<void(Socket)>;

  /// Takes the port; a port that cannot be taken makes `code` an error. `admit` gets each connection.
  Acceptor(const Executor& executor, Port port, Admit admit, boost::system::error_code& code);

  void start();

  /// Stops accepting, for good; the file of a Unix socket is removed.
  void close();

 private:
  void accept();
  void accept_waiting();
  void retry_later();

  boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol, Executor> acceptor_;
  boost::asio::steady_timer pause_;
  Port port_;
  const Admit admit_;
};

}  // namespace jobqd::http
