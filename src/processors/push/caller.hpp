#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <stop_token>
#include <vector>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>

#include <jobqd/base/clock.hpp>

#include "processors/push/address_guard.hpp"
#include "processors/push/connection.hpp"
#include "processors/push/kept_connections.hpp"
#include "processors/push/lookup.hpp"
#include "processors/push/url.hpp"

namespace jobqd::processors::push {

/// Where a caller calls, and how.
struct Receiver {
  Url url;
  AddressGuard guard;
  Lookup lookup;
  std::function<std::shared_ptr<boost::asio::ssl::context>()> tls;  ///< For a new connection.
  base::milliseconds connect_timeout{};  ///< Of the look-up, and again of the connection with TLS.
  base::milliseconds request_timeout{};  ///< From the first byte sent to the last byte received.
};

/// Calls one receiver: looks its host up, connects, and keeps the connections. Thread-safe; the clock
/// outlives it. A stop ends a call at once.
class Caller {
 public:
  Caller(Receiver receiver, const base::Clock& clock)
      : receiver_(std::move(receiver)), clock_(clock), kept_(clock) {}

  /// Sends over a kept connection, or a new one. A receiver may close a kept connection at any time: if not a
  /// byte came back, it most likely did, and a new connection is tried at once. (If the receiver had read the
  /// request after all, it gets it twice.)
  [[nodiscard]] std::expected<Answer, Failure> ask(const Delivery& delivery, const std::stop_token& stop);

 private:
  std::expected<Answer, Failure> answer_over(std::unique_ptr<Connection> connection,
                                             std::expected<Answer, NoAnswer> answer);
  std::expected<std::unique_ptr<Connection>, Failure> connect(const std::stop_token& stop);
  /// The addresses of the receiver. All of them are checked: a name that also resolves to a denied address is
  /// not trusted with the others either.
  [[nodiscard]] std::expected<std::vector<boost::asio::ip::address>, Failure> addresses_of(
      const std::stop_token& stop) const;

  const Receiver receiver_;
  const base::Clock& clock_;
  KeptConnections kept_;
};

}  // namespace jobqd::processors::push
