#include <jobqd/http/port.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>
#include <unistd.h>

namespace jobqd::http {

std::expected<Port, std::string> Port::open(const std::string& address, std::uint16_t port) {
  namespace asio = boost::asio;
  using asio::ip::tcp;
  using boost::system::error_code;
  const auto failed = [&](const error_code& code) {
    return std::unexpected(fmt::format("cannot listen on {}:{}: {}", address, port, code.message()));
  };
  error_code code;
  const tcp::endpoint endpoint(asio::ip::make_address(address, code), port);
  if (code) return failed(code);
  asio::io_context io;
  tcp::acceptor acceptor(io);
  if (acceptor.open(endpoint.protocol(), code); code) return failed(code);
  if (acceptor.set_option(tcp::acceptor::reuse_address(true), code); code) return failed(code);
  if (acceptor.bind(endpoint, code); code) return failed(code);
  if (acceptor.listen(tcp::acceptor::max_listen_connections, code); code) return failed(code);
  const auto bound = acceptor.local_endpoint(code);
  if (code) return failed(code);
  const int descriptor = acceptor.release(code);
  if (code) return failed(code);
  return Port(descriptor, bound.port(), bound.protocol() == tcp::v6());
}

Port::~Port() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace jobqd::http
