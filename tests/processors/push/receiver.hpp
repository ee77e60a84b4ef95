#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace jobqd::processors::push {

/// One connection of a receiver that a test makes behave as it likes. Blocks; what fails is ignored, so that
/// a receiver ends when the other side has gone.
class ServedConnection {
 public:
  explicit ServedConnection(boost::asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}

  /// A whole request, head and body; empty when the other side has closed.
  std::string request();
  void send(std::string_view text);
  /// 200 with this body, after which the connection stays open.
  void answer(std::string_view body);
  /// false once the other side has gone.
  bool try_send(std::string_view text);
  /// Reads until the other side closes.
  void wait_for_end();
  /// Some of what comes.
  void read_some();
  void close();

 private:
  friend class Receiver;
  boost::asio::ip::tcp::socket socket_;
  std::string buffer_;
};

/// Listens on 127.0.0.1, on a free port, and serves connections one after the other until it is destroyed.
class Receiver {
 public:
  /// `number` counts connections from 1.
  using Serve = std::function<void(ServedConnection& connection, int number)>;

  explicit Receiver(Serve serve);
  ~Receiver();
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url(const std::string& host = "127.0.0.1") const;
  /// How many connections there have been.
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void run(const Serve& serve);

  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::uint16_t port_;
  std::atomic<int> connections_{0};
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

/// Reads the request, sends this text, and waits until the other side has gone.
[[nodiscard]] Receiver::Serve saying(std::string text);

}  // namespace jobqd::processors::push
