#pragma once

#include <expected>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/ssl/context.hpp>

#include <jobqd/base/clock.hpp>

#include "processors/push/address_guard.hpp"
#include "processors/push/answer.hpp"
#include "processors/push/failure.hpp"
#include "processors/push/url.hpp"

namespace jobqd::processors::push {

/// A request to send; the connection adds what HTTP requires.
struct Delivery {
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// Why there is no answer.
struct NoAnswer {
  std::string error;  ///< One line.
  /// The connection broke before a byte of an answer came: a receiver that closes a kept connection looks so.
  bool unheard = false;
};

/// One connection to a receiver, used by one thread at a time. A stop is obeyed at once; after that, and
/// after any error, the connection is of no more use.
class Connection {
 public:
  /// `opened_at`: when it was made, for its age.
  explicit Connection(base::SteadyTime opened_at) : opened_at_(opened_at) {}
  virtual ~Connection() = default;

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Connects to one of these addresses, all of which the guard allows, TLS included, within `longest`.
  [[nodiscard]] virtual std::expected<void, Failure> open(
      const std::vector<boost::asio::ip::address>& addresses, const AddressGuard& guard,
      base::milliseconds longest, const std::stop_token& stop) = 0;

  /// Sends one request and reads its answer, within `longest`.
  [[nodiscard]] virtual std::expected<Answer, NoAnswer> send(const Delivery& delivery,
                                                             base::milliseconds longest,
                                                             const std::stop_token& stop) = 0;

  /// Whether another request can be sent after the last answer.
  [[nodiscard]] virtual bool is_reusable() const = 0;

  /// Whether the receiver has neither closed the connection nor sent anything since its last answer: such
  /// bytes would be taken for the next answer. Does not block.
  [[nodiscard]] virtual bool is_quiet() = 0;

  [[nodiscard]] base::SteadyTime opened_at() const { return opened_at_; }

 private:
  const base::SteadyTime opened_at_;
};

/// `url` outlives the connection, and `tls` its open(). Throws boost::system::system_error where this process
/// is out of descriptors.
[[nodiscard]] std::unique_ptr<Connection> make_connection(const Url& url, boost::asio::ssl::context& tls,
                                                          base::SteadyTime opened_at);

}  // namespace jobqd::processors::push
