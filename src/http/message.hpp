#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
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
  std::string_view name;  ///< As it was sent.
  std::string_view value;
};

/// One request, complete and checked. Valid until its exchange has been answered.
struct Request {
  std::string_view method;
  std::string path;                                             ///< Without the query, still percent-encoded.
  std::vector<std::pair<std::string, std::string>> query = {};  ///< Decoded, in order.
  std::string path_param = {};  ///< The text in place of the `{name}` in the route's pattern, decoded.
  std::string body;
  std::span<const HeaderField> fields = {};  ///< In order.
  std::string_view route =
      {};  ///< Pattern of the route, set by the router; empty where there is none. Outlives all.
  bool may_wait = false;  ///< It may wait for something as long as its client likes; set by the router.

  /// The value of a query parameter.
  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;

  /// The values of all fields of that name, in any case, in order.
  [[nodiscard]] std::vector<std::string_view> headers(std::string_view name) const;

  /// The first value; empty where the field is absent.
  [[nodiscard]] std::string_view header(std::string_view name) const {
    const auto values = headers(name);
    return values.empty() ? std::string_view{} : values.front();
  }
};

/// What an operator's call has changed.
struct Change {
  std::string_view action;  ///< A literal, such as "purge".
  std::uint64_t count = 1;  ///< How many jobs or queues.
};

struct Response {
  unsigned status = 200;
  std::string_view content_type = "application/json";
  std::string body = {};
  std::vector<std::pair<std::string_view, std::string>> headers = {};  ///< Values must be visible ASCII.
  bool close = false;                                                  ///< Close the connection after it.
  std::optional<Change> change = {};                                   ///< For the observers; not sent.
};

/// The most that one answer may hold in memory.
inline constexpr std::size_t piece_bytes = 1024UL * 1024;

/// How many bytes the next piece of an answer may bring into memory, 1 to piece_bytes. A single job may
/// exceed it, so that every answer makes progress.
struct Room {
  std::size_t now = piece_bytes;
  /// For a handler that waits before it answers: nothing is set aside for it meanwhile.
  std::size_t after_wait = now;
};

/// Produces the next piece of an answer.
using Produce = std::move_only_function<void(Room room)>;

/// One request waiting for its answer.
///
/// The answer comes either in one piece, by respond(), or in several: begin(), any number of write(), end().
/// A long answer is pulled, not pushed: its handler asks for room, produces one piece, and asks again. So no
/// more of it is in memory than there is room for, however slowly the client reads, and connections take
/// turns.
///
///     exchange->when_room([exchange](Room room) {
///       … make a piece of about `room.now` bytes; on any thread, later, is fine too …
///       exchange->write(piece);
///       more ? exchange->when_room(next) : exchange->end();
///     });
///
/// Once the client is gone, what is answered or written is dropped.
class Exchange {
 public:
  virtual ~Exchange() = default;

  /// Answers in one piece, with a Content-Length. Once, and not after begin(); any thread.
  virtual void respond(Response response) = 0;

  /// Begins an answer of unknown length; `head.body` are the first bytes of its body. If it turns out to be
  /// short, it is sent like one of respond(), else in chunks (HTTP/1.1) or until the connection ends (1.0).
  /// Once, and not after respond(); any thread.
  virtual void begin(Response head) = 0;

  /// Sends further bytes of the body. After begin(); any thread, in the order of the calls.
  virtual void write(std::string bytes) = 0;

  /// Completes the answer. After begin(), once; any thread.
  virtual void end() = 0;

  /// Calls `produce`, on the thread of the connection, once all that was written before has been handed to
  /// the network and it is this connection's turn. `produce` may hold the exchange; it is destroyed uncalled
  /// when the client is gone. One at a time, before the answer is complete; any thread.
  virtual void when_room(Produce produce) = 0;

  /// Calls `function`, on the thread of the connection, once `wait` is over, unless the exchange has been
  /// answered by then; earlier, when the server stops or the client ends its side of the connection. A client
  /// that has gone away and one that only says that it sends nothing more (a half-close) look the same, so
  /// the handler gives up what it waits for, and answers, which reaches the latter. Once an exchange, on that
  /// thread.
  virtual void after(base::milliseconds wait, std::function<void()> function) = 0;
};

using ExchangePtr = std::shared_ptr<Exchange>;

/// Answers requests. Called on the thread of the connection; must not block. The request may be taken apart.
using Handler = std::function<void(Request&, ExchangePtr)>;

/// What the connections serve. Called on their thread; outlives them.
class Service {
 public:
  virtual ~Service() = default;

  /// As a Handler.
  virtual void handle(Request& request, ExchangePtr exchange) = 0;

  /// Whether the request is answered although there are more connections than are served: true for health
  /// probes, because an orchestrator restarts what does not answer them.
  [[nodiscard]] virtual bool answers_beyond_limit(const Request& request) const = 0;
};

/// An RFC 9457 problem.
[[nodiscard]] Response problem(const domain::Error& error);

}  // namespace jobqd::http
