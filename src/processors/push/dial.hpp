#pragma once

#include <functional>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <jobqd/base/clock.hpp>

namespace jobqd::processors::push {

/// At most this many addresses of a name are tried.
inline constexpr std::size_t most_addresses = 16;

/// The addresses in the order in which they are tried: as they come, but the families alternate (RFC 8305,
/// section 4), and at most most_addresses.
[[nodiscard]] std::vector<boost::asio::ip::address> in_dialling_order(
    const std::vector<boost::asio::ip::address>& addresses);

/// Connects to whichever of several addresses answers first, so that one that does not answer costs no
/// attempt (RFC 8305, "Happy Eyeballs"). The next address is tried when one fails, or has not answered after
/// `stagger`; those before go on meanwhile.
///
/// All on the thread that runs the context. Does nothing more once it has called `done`, or is destroyed
/// before.
class Dial {
 public:
  /// The socket is connected, or the error is that of the last address that failed.
  using Done = std::function<void(const boost::system::error_code&, boost::asio::ip::tcp::socket)>;

  /// At least one endpoint.
  Dial(boost::asio::io_context& context, std::vector<boost::asio::ip::tcp::endpoint> endpoints,
       base::milliseconds stagger, Done done);

  Dial(const Dial&) = delete;
  Dial& operator=(const Dial&) = delete;
  ~Dial() = default;

  void start() { try_next(); }

 private:
  void try_next();
  void answered(std::size_t number, const boost::system::error_code& error);

  boost::asio::io_context& context_;
  const std::vector<boost::asio::ip::tcp::endpoint> endpoints_;
  const base::milliseconds stagger_;
  Done done_;
  boost::asio::steady_timer timer_;
  std::vector<boost::asio::ip::tcp::socket> sockets_;  ///< One for each endpoint that was tried.
  std::size_t failed_ = 0;
};

}  // namespace jobqd::processors::push
