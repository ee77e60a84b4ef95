#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>

namespace boost::asio::ssl {
class context;  // NOLINT(readability-identifier-naming): Asio names it.
}

namespace jobqd::http {

/// Sockets know that their executor is an io_context's, which spares an allocation and several indirect calls
/// at every step.
using Executor = boost::asio::io_context::executor_type;
/// Of TCP, or a Unix socket.
using Socket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, Executor>;

/// Carries the bytes of one connection. Knows nothing of HTTP, and decides nothing.
///
/// On the thread of its executor. One read and one write may be under way at a time; each keeps its user
/// alive and reports to it exactly once, never before the call returns.
class Transport {
 public:
  /// Whoever reads and writes. Codes are those of the socket; the end of the peer is boost::asio::error::eof.
  class User {
   public:
    virtual ~User() = default;
    /// The transport is open(), once, while a read is under way. Never if it was from the beginning.
    virtual void opened() = 0;
    virtual void read_done(const boost::system::error_code& code, std::size_t bytes) = 0;
    virtual void write_done(const boost::system::error_code& code, std::size_t bytes) = 0;
  };

  virtual ~Transport() = default;

  /// Whether it carries bytes already. If not, the first read has it opened.
  [[nodiscard]] virtual bool is_open() const = 0;

  /// Reads some bytes into `space`, which stays valid until the report.
  virtual void read_some(boost::asio::mutable_buffer space, std::shared_ptr<User> user) = 0;

  /// Writes as much of `bytes` as is taken at once; never waits. `would_block`: none is.
  [[nodiscard]] virtual std::size_t try_write(std::string_view bytes, boost::system::error_code& code) = 0;

  /// Writes some of `bytes`, which stay valid until the report.
  virtual void write_some(std::string_view bytes, std::shared_ptr<User> user) = 0;

  /// Tells the peer that nothing more will be sent.
  virtual void end_sending() = 0;

  /// Address and port of the peer, such as 10.0.0.7:40522 or [::1]:40522, or unix; empty once it is gone.
  [[nodiscard]] virtual std::string peer() const = 0;

  /// Closes; what is under way is reported as aborted.
  virtual void close() = 0;
};

/// What transports over a socket have in common. The socket never blocks.
class SocketTransport : public Transport {
 public:
  [[nodiscard]] std::string peer() const final;
  void close() final;

 protected:
  explicit SocketTransport(Socket socket);
  [[nodiscard]] Socket& socket() { return socket_; }

 private:
  Socket socket_;
};

/// Without encryption.
[[nodiscard]] std::unique_ptr<Transport> plain_transport(Socket socket);

/// TLS, as the context says, on the side of the server. Clients that speak HTTP without it are told so. Null:
/// there is no memory for it.
[[nodiscard]] std::unique_ptr<Transport> tls_transport(Socket socket, boost::asio::ssl::context& context);

}  // namespace jobqd::http
