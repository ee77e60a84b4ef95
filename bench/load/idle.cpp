#include <array>
#include <cstdio>
#include <stdexcept>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <sys/resource.h>

#include "modes.hpp"

namespace bench {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

void idle(const Target& target) {
  raise_descriptor_limit();
  asio::io_context io;
  std::vector<tcp::socket> sockets;
  const auto protocol = make_protocol(target.protocol, target.shape);
  if (!protocol) throw std::invalid_argument("there is no protocol of that name");
  std::string ping;
  protocol->ping(ping);
  std::array<char, 4096> answer{};
  for (std::size_t i = 0; i < target.connections; ++i) {
    auto& socket = sockets.emplace_back(io);
    socket.connect(tcp::endpoint(asio::ip::address_v4::loopback(), target.port));
    asio::write(socket, asio::buffer(ping));
    if (socket.read_some(asio::buffer(answer)) == 0) throw std::runtime_error("no answer");
  }
  fmt::print("{{\"connections\":{}}}\n", sockets.size());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}

}  // namespace bench
