#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "protocol.hpp"

namespace bench {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

class Connection;

/// The events for the owner of a connection.
class Listener {
 public:
  virtual ~Listener() = default;

  /// The request that was due at `since` is answered; `refused` of its answers were errors.
  virtual void answered(Connection& connection, Time since, std::size_t refused) = 0;
  virtual void delivered(Connection& connection) = 0;
  /// The server has closed it; `unanswered` requests will never be answered.
  virtual void lost(Connection& connection, std::size_t unanswered) = 0;
};

/// One TCP connection to the server on this machine. On one thread; the listener outlives it.
class Connection {
 public:
  Connection(boost::asio::io_context& io, std::unique_ptr<Protocol> protocol, Listener& listener)
      : socket_(io), protocol_(std::move(protocol)), listener_(listener) {}

  /// Connects, sends the first bytes, and begins to read. Throws boost::system::system_error.
  void open(std::uint16_t port, bool works);

  /// Sends a request that was due at `since`.
  void enqueue(Time since);

  /// Asks for jobs, on and on.
  void ask();

 private:
  struct Request {
    Time since;
    std::size_t answers_left = 1;
    std::size_t refused = 0;
  };

  void read();
  void on_read(std::size_t bytes);
  void heard(Said said);
  void flush();
  void write_rest();
  void close();

  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<Protocol> protocol_;
  Listener& listener_;
  std::deque<Request> in_flight_;
  std::vector<char> in_ = std::vector<char>(16UL * 1024);
  std::size_t filled_ = 0;
  std::string out_;
  std::string sending_;  ///< The bytes that the kernel did not take at once.
  bool processing_ = false;
};

/// Opens `count` connections of this protocol; throws when one cannot be opened.
std::vector<std::unique_ptr<Connection>> open_all(boost::asio::io_context& io, std::string_view protocol,
                                                  const JobShape& shape, std::uint16_t port,
                                                  std::size_t count, bool works, Listener& listener);

}  // namespace bench
