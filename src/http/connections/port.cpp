#include <jobqd/http/port.hpp>

#include <cerrno>
#include <system_error>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jobqd::http {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Unix = asio::local::stream_protocol;

constexpr mode_t for_user_and_group = S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP;

/// Whether there is a socket to which nobody listens.
bool is_left_over(asio::io_context& io, const Unix::endpoint& at) {
  struct stat found{};
  if (::lstat(at.path().c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) return false;
  error_code code;
  Unix::socket(io).connect(at, code);
  return code == asio::error::connection_refused;
}

error_code last_error(int result) {
  return result == 0 ? error_code() : error_code(errno, boost::system::generic_category());
}

}  // namespace

std::expected<Port, std::string> Port::open(const std::string& address, std::uint16_t port) {
  using asio::ip::tcp;
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
  return Port(descriptor, bound.protocol().family(), bound.port());
}

std::expected<Port, std::string> Port::open_unix(const std::string& path) {
  const auto failed = [&](const error_code& code) {
    return std::unexpected(fmt::format("cannot listen on unix:{}: {}", path, code.message()));
  };
  constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  if (path.size() > longest)
    return std::unexpected(
        fmt::format("cannot listen on unix:{}: the path has more than {} bytes", path, longest));
  const Unix::endpoint endpoint(path);
  error_code code;
  asio::io_context io;
  Unix::acceptor acceptor(io);
  if (is_left_over(io, endpoint)) ::unlink(path.c_str());
  if (acceptor.open(Unix(), code); code) return failed(code);
  // Before the path is there, so that at no time others may use it; umask() is of the whole process.
  if (code = last_error(::fchmod(acceptor.native_handle(), for_user_and_group)); code) return failed(code);
  if (acceptor.bind(endpoint, code); code) return failed(code);
  if (code = last_error(::chmod(path.c_str(), for_user_and_group)); code) return failed(code);
  if (acceptor.listen(Unix::acceptor::max_listen_connections, code); code) return failed(code);
  const int descriptor = acceptor.release(code);
  if (code) return failed(code);
  return Port(descriptor, AF_UNIX, 0, path);
}

void Port::remove_file() {
  if (const auto path = std::exchange(path_, {}); !path.empty()) ::unlink(path.c_str());
}

Port::~Port() {
  remove_file();
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace jobqd::http
