#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/base/random.hpp>
#include <jobqd/engine/store.hpp>
#include <jobqd/http/metrics_text.hpp>
#include <jobqd/http/observer.hpp>
#include <jobqd/http/port.hpp>
#include <jobqd/http/queue_history.hpp>
#include <jobqd/http/tls.hpp>

namespace jobqd::http {

using TraceparentOf = std::function<std::string(const engine::Claim&)>;

struct ServerOptions {
  std::size_t max_body = 1024UL * 1024;
  std::size_t max_connections = 1024;
  base::milliseconds header_timeout{10'000};
  base::milliseconds body_timeout{30'000};
  base::milliseconds idle_timeout{60'000};
  /// What a lease has as its `traceparent`, which may be nothing. Outlives the store, because a lease may be
  /// answered when the server is gone. Null: Claim::traceparent.
  const TraceparentOf* traceparent_of = nullptr;
};

/// The HTTP API of one store, on one thread at a time.
///
/// Owned by the app, and outlived by everything it refers to, the observers included. listen() and start()
/// in this order, and start() any number of times; serve() and drain() from any thread; request_stop() and
/// join() in any order and any number of times, from one thread.
class Server {
 public:
  /// `metrics`: what /metrics shows; `history`: what happened to the jobs of queues. Null: nothing is there.
  Server(const ServerOptions& options, engine::Store& store, const base::Clock& clock, base::Random& random,
         std::vector<Observer*> observers = {}, MetricsText* metrics = nullptr,
         QueueHistory* history = nullptr);
  ~Server();

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Takes a port, one of several. Those who have connected to it are served from start() on, over TLS if
  /// `tls` is not null. The error is a sentence that says why not.
  std::expected<void, std::string> listen(Port port, std::shared_ptr<Tls> tls = nullptr);

  /// The first TCP port on which it listens; 0: on none.
  [[nodiscard]] std::uint16_t port() const;

  /// Answers everything, or, before serve(), the probes, and every request that needs jobs with 503
  /// `store-unavailable` and the reason: of the store, only trouble() is called then. Later calls do nothing.
  void start();

  /// Answers everything from now on. Once the store may be called.
  void serve();

  /// /readyz answers 503 from now on. Everything else is answered as before.
  void drain();

  /// Stops listening, lets requests that are being answered finish within `grace`, and ends. Returns at once.
  void request_stop(base::milliseconds grace);

  void join();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace jobqd::http
