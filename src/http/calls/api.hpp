#pragma once

#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/base/random.hpp>
#include <jobqd/engine/store.hpp>

#include "http/calls/enqueue.hpp"
#include "http/calls/jobs.hpp"
#include "http/calls/metrics.hpp"
#include "http/calls/openapi.hpp"
#include "http/calls/probes.hpp"
#include "http/calls/problems.hpp"
#include "http/calls/queues.hpp"
#include "http/calls/router.hpp"
#include "http/calls/workers.hpp"
#include "http/guards/guard.hpp"
#include "http/message.hpp"

namespace jobqd::http {

/// The HTTP API: a list of guards, a router, and groups of calls that bring their own routes. Everything it
/// is made with outlives it.
///
/// Until serve() it answers only what needs no jobs, which are the routes with Access::probe and
/// Access::open; of the store it calls nothing but trouble() then.
class Api final : public Service {
 public:
  /// `metrics`, `history`: null if there are none. `traceparent_of` as in ServerOptions.
  Api(engine::Store& store, const base::Clock& clock, base::Random& random, MetricsText* metrics = nullptr,
      QueueHistory* history = nullptr, const TraceparentOf* traceparent_of = nullptr);

  /// Finds the route of the request, asks the guards, and has the route's handler answer, or answers itself.
  void handle(Request& request, ExchangePtr exchange) override;

  [[nodiscard]] bool answers_beyond_limit(const Request& request) const override;

  /// Answers everything from now on. Any thread, once the store may be called.
  void serve() { probes_.serve(); }

  /// /readyz answers 503 from now on. Any thread.
  void drain() { probes_.drain(); }

  /// The table of all routes.
  [[nodiscard]] const std::vector<Route>& routes() const { return router_.routes(); }

 private:
  [[nodiscard]] std::vector<Route> all_routes();

  EnqueueCalls enqueue_;
  JobCalls jobs_;
  QueueCalls queues_;
  WorkerCalls workers_;
  ProbeCalls probes_;
  MetricsCalls metrics_;
  const std::vector<Guard> guards_;  ///< Asked in this order.
  const Router router_;
};

}  // namespace jobqd::http
