// Bytes without encryption.

#include "http/connections/transport.hpp"

#include <cstring>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>

namespace jobqd::http {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(Socket socket) : socket_(std::move(socket)) {
    error_code ignored;
    socket_.non_blocking(true, ignored);  // For try_write(). If this fails, the first write fails too.
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  }

  [[nodiscard]] bool is_open() const override { return true; }

  void read_some(asio::mutable_buffer space, std::shared_ptr<User> user) override {
    socket_.async_read_some(space, [user = std::move(user)](const error_code& code, std::size_t bytes) {
      user->read_done(code, bytes);
    });
  }

  std::size_t try_write(std::string_view bytes, error_code& code) override {
    return socket_.write_some(asio::buffer(bytes), code);
  }

  void write_some(std::string_view bytes, std::shared_ptr<User> user) override {
    socket_.async_write_some(asio::buffer(bytes),
                             [user = std::move(user)](const error_code& code, std::size_t count) {
                               user->write_done(code, count);
                             });
  }

  void end_sending() override {
    error_code ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
  }

  [[nodiscard]] std::string peer() const override { return peer_of(socket_); }

  void close() override {
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  Socket socket_;
};

}  // namespace

std::string peer_of(const Socket& socket) {
  error_code gone;
  const auto at = socket.remote_endpoint(gone);
  if (gone) return {};
  if (at.protocol().family() == AF_UNIX) return "unix";
  asio::ip::tcp::endpoint tcp;
  std::memcpy(tcp.data(), at.data(), at.size());
  const auto host = tcp.address().to_string();
  return tcp.address().is_v6() ? fmt::format("[{}]:{}", host, tcp.port())
                               : fmt::format("{}:{}", host, tcp.port());
}

std::unique_ptr<Transport> plain_transport(Socket socket) {
  return std::make_unique<PlainTransport>(std::move(socket));
}

}  // namespace jobqd::http
