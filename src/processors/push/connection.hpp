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
#include "processors/push/url.hpp"

namespace jobqd::processors::push {

/// A request as it is sent; the connection adds what HTTP asks for.
struct Delivery {
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// Why there is no answer.
struct NoAnswer {
  std::string error;
  bool unheard = false;  ///< Not a byte came back.
};

/// One connection to a receiver. For one thread at a time; a stop is obeyed at once, after which it is of no
/// use.
class Connection {
 public:
  virtual ~Connection() = default;

  /// To one of these addresses, all of which the guard allows; TLS included. The error is one line.
  [[nodiscard]] virtual std::expected<void, std::string> open(
      const std::vector<boost::asio::ip::address>& addresses, const AddressGuard& guard,
      base::milliseconds longest, const std::stop_token& stop) = 0;

  [[nodiscard]] virtual std::expected<Answer, NoAnswer> send(const Delivery& delivery,
                                                             base::milliseconds longest,
                                                             const std::stop_token& stop) = 0;

  /// Whether it can take another push.
  [[nodiscard]] virtual bool is_reusable() const = 0;

  /// Whether the receiver has neither closed it nor said anything since its last answer. What it says unasked
  /// would be taken for the next answer. Does not block.
  [[nodiscard]] virtual bool is_quiet() = 0;
};

/// `url` and `tls` outlive the connection.
[[nodiscard]] std::unique_ptr<Connection> make_connection(const Url& url, boost::asio::ssl::context& tls);

}  // namespace jobqd::processors::push
