#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

namespace jobqd::http {

/// A request that has been answered.
struct Answered {
  std::string_view method =
      {};  ///< `other` if it is none of the well-known ones; empty where it was refused.
  std::string_view route =
      {};  ///< The pattern of its route, `/v1/jobs/{id}`; empty where it has none or was refused.
  unsigned status = 0;  ///< Of the HTTP answer.
  /// From the last byte of the request to the last piece of its answer being ready to send. 0 where the
  /// request was refused before it was complete.
  std::chrono::nanoseconds duration{0};
  bool may_wait = false;  ///< It may have waited for a job, because its client asked for that.
};

/// What a call of an operator has changed.
struct AdminChange {
  std::string_view action = {};  ///< pause, resume, purge, retry, cancel or delete.
  std::string_view target = {};  ///< The queue or the job, as the client named it.
  std::uint64_t count = 0;       ///< How many queues or jobs were changed; may be 0.
  std::string_view peer = {};    ///< Address and port of the client.
};

/// Receives the events of the HTTP connections, so that logs and metrics can follow them.
///
/// Called on the http thread: an implementation must not block or throw, nor allocate for every request.
/// Views are valid during the call only, but a method and a route live as long as the server. Every event
/// does nothing by default.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void connection_opened() {}
  /// Of a connection that was opened.
  virtual void connection_closed() {}
  /// A connection was closed unheard, because there are far more than are served.
  virtual void connection_refused() {}
  /// A connection was closed before its TLS handshake was complete; connection_closed() follows.
  virtual void handshake_failed() {}
  virtual void request_answered(const Answered& /*answered*/) {}
  /// After the change, before its answer is sent.
  virtual void admin_changed(const AdminChange& /*change*/) {}
};

/// Passes every event on to a fixed list of observers, in its order. Holds pointers only, none of them null;
/// the observers outlive it.
class Observers final : public Observer {
 public:
  explicit Observers(std::vector<Observer*> observers);

  [[nodiscard]] bool empty() const { return observers_.empty(); }

  void connection_opened() override;
  void connection_closed() override;
  void connection_refused() override;
  void handshake_failed() override;
  void request_answered(const Answered& answered) override;
  void admin_changed(const AdminChange& change) override;

 private:
  const std::vector<Observer*> observers_;
};

}  // namespace jobqd::http
