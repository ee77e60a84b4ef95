#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/domain/error.hpp>

/// What handlers see of HTTP: no sockets, no Beast.
namespace jobqd::http {

/// One line of a request's head.
struct HeaderField {
  std::string_view name;  ///< As it came.
  std::string_view value;
};

/// One request, complete and checked. Valid until its exchange has been answered.
struct Request {
  std::string_view method;
  std::string path;  ///< Without the query, percent-decoding not done.
  std::vector<std::pair<std::string, std::string>> query = {};  ///< Decoded, in order.
  std::string id = {};  ///< What stands for the `{name}` of the route, decoded; see calls/router.hpp.
  std::string body;
  std::span<const HeaderField> fields = {};  ///< In order.

  /// The values of all fields of that name, any case, in order.
  [[nodiscard]] std::vector<std::string_view> headers(std::string_view name) const;

  /// The first value; empty where it is not there.
  [[nodiscard]] std::string_view header(std::string_view name) const {
    const auto values = headers(name);
    return values.empty() ? std::string_view{} : values.front();
  }
};

struct Response {
  unsigned status = 200;
  std::string_view content_type = "application/json";
  std::string body = {};
  std::vector<std::pair<std::string_view, std::string>> headers = {};  ///< Values must be visible ASCII.
  bool close = false;                                                  ///< The connection ends after it.
};

/// One request waiting for its answer.
class Exchange {
 public:
  virtual ~Exchange() = default;

  /// Answers. Exactly once; any thread.
  virtual void respond(Response response) = 0;

  /// Calls `function` once `wait` is over or the server stops, on the thread of the connection, unless the
  /// exchange was answered before. Called on that thread, once an exchange.
  virtual void after(base::milliseconds wait, std::function<void()> function) = 0;

  /// Calls `function`, on the thread of the connection, when the client closes the connection before the
  /// exchange is answered; it must not be answered by then. A client that vanishes without a word, or has
  /// sent something more, is not noticed. Called on that thread, once an exchange.
  virtual void when_gone(std::function<void()> function) = 0;
};

using ExchangePtr = std::shared_ptr<Exchange>;

/// Answers requests. Called on the thread of the connection; must not block. The request may be taken apart.
using Handler = std::function<void(Request&, ExchangePtr)>;

/// An RFC 9457 problem.
[[nodiscard]] Response problem(const domain::Error& error);

}  // namespace jobqd::http
