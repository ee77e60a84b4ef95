#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <jobqd/http/server.hpp>

#include "http/message.hpp"
#include "support/manual_clock.hpp"

namespace jobqd::http {

/// Connections as the daemon serves them, with a handler of the test, on a free port. Its clock stops
/// until the test moves it, so that nothing times out by itself. Stops when it is destroyed.
class TestServer {
 public:
  /// Without a handler: the one of answer_or_hold(). /probe is answered beyond the limit of connections.
  explicit TestServer(ServerOptions options = {}, Handler handler = {},
                      std::vector<Observer*> observers = {});
  ~TestServer();

  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

  /// A request for /hold, as soon as there is one: the test answers it, from its own thread.
  [[nodiscard]] ExchangePtr held();
  [[nodiscard]] bool holds_one_within(base::milliseconds time);

  /// Stops listening, and lets open requests be answered within `grace` of the clock.
  void request_stop(base::milliseconds grace);

  /// Returns once no connection is left.
  void join();

  support::ManualClock clock;

 private:
  class Impl;

  /// `METHOD path body` for everything but: /hold, which the test answers; /throw; /wait, which is answered
  /// by "waited" after an hour or when the server stops; /size/N, which is answered by N KiB.
  void answer_or_hold(const Request& request, ExchangePtr exchange);

  std::unique_ptr<Impl> impl_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::condition_variable held_more_;
  std::deque<ExchangePtr> held_;
};

}  // namespace jobqd::http
