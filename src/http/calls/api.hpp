#pragma once

#include <atomic>

#include <jobqd/base/clock.hpp>
#include <jobqd/base/random.hpp>
#include <jobqd/engine/remote_workers.hpp>
#include <jobqd/engine/store.hpp>

#include "http/calls/router.hpp"
#include "http/message.hpp"

namespace jobqd::http {

/// The calls of the HTTP API, each turned into calls of the store. Called on the connections' thread; answers
/// from any.
class Api final : public Service {
 public:
  Api(engine::Store& store, engine::RemoteWorkers& remote, const base::Clock& clock, base::Random& random);

  /// Answers one request: cross-site guard, then the route's handler.
  void handle(Request& request, ExchangePtr exchange) override;

  [[nodiscard]] bool answers_beyond_limit(const Request& request) const override;

  /// /readyz says no from now on. Any thread.
  void drain() { draining_ = true; }

  [[nodiscard]] const std::vector<Route>& routes() const { return router_.routes(); }

 private:
  std::vector<Route> make_routes();

  void readyz(ExchangePtr exchange) const;
  void enqueue(Request& request, ExchangePtr exchange) const;
  void get_job(const Request& request, ExchangePtr exchange) const;
  void wait_for_job(const std::string& id, base::milliseconds wait, ExchangePtr exchange) const;
  void list_jobs(const Request& request, ExchangePtr exchange) const;
  void remove_job(const Request& request, ExchangePtr exchange) const;
  void list_queues(const ExchangePtr& exchange) const;
  void get_queue(const std::string& name, const ExchangePtr& exchange) const;
  void pause_queue(const std::string& name, bool paused, ExchangePtr exchange) const;
  void lease(const Request& request, ExchangePtr exchange) const;
  void heartbeat(const Request& request, ExchangePtr exchange) const;
  void complete(const Request& request, ExchangePtr exchange) const;
  void fail(const Request& request, ExchangePtr exchange) const;

  engine::Store& store_;
  engine::RemoteWorkers& remote_;
  const base::Clock& clock_;
  base::Random& random_;
  std::atomic<bool> draining_{false};
  const Router router_;
};

/// Answers with the job, or with the problem.
[[nodiscard]] engine::Callback<domain::Job> respond_with_job(ExchangePtr exchange);

/// Answers with how many jobs there were, or with the problem.
[[nodiscard]] engine::Callback<std::uint64_t> respond_with_count(ExchangePtr exchange);

}  // namespace jobqd::http
