// Sockets, and bytes without encryption.

#include "http/connections/transport.hpp"

#include <cstring>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>

namespace jobqd::http {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;

class PlainTransport final : public SocketTransport {
 public:
  explicit PlainTransport(Socket socket) : SocketTransport(std::move(socket)) {}

  [[nodiscard]] bool is_open() const override { return true; }

  void read_some(asio::mutable_buffer space, std::shared_ptr<User> user) override {
    socket().async_read_some(space, [user = std::move(user)](const error_code& code, std::size_t bytes) {
      user->read_done(code, bytes);
    });
  }

  std::size_t try_write(std::string_view bytes, error_code& code) override {
    return socket().write_some(asio::buffer(bytes), code);
  }

  void write_some(std::string_view bytes, std::shared_ptr<User> user) override {
    socket().async_write_some(asio::buffer(bytes),
                              [user = std::move(user)](const error_code& code, std::size_t count) {
                                user->write_done(code, count);
                              });
  }

  void end_sending() override {
    error_code ignored;
    socket().shutdown(Socket::shutdown_send, ignored);
  }
};

}  // namespace

SocketTransport::SocketTransport(Socket socket) : socket_(std::move(socket)) {
  error_code ignored;
  socket_.non_blocking(true, ignored);  // If this fails, the first write fails too.
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

std::string SocketTransport::peer() const {
  error_code gone;
  const auto at = socket_.remote_endpoint(gone);
  if (gone) return {};
  if (at.protocol().family() == AF_UNIX) return "unix";
  asio::ip::tcp::endpoint tcp;
  std::memcpy(tcp.data(), at.data(), at.size());
  const auto host = tcp.address().to_string();
  return tcp.address().is_v6() ? fmt::format("[{}]:{}", host, tcp.port())
                               : fmt::format("{}:{}", host, tcp.port());
}

void SocketTransport::close() {
  error_code ignored;
  socket_.close(ignored);
}

std::unique_ptr<Transport> plain_transport(Socket socket) {
  return std::make_unique<PlainTransport>(std::move(socket));
}

}  // namespace jobqd::http
