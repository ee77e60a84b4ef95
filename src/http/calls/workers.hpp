#pragma once

#include <vector>

#include <jobqd/engine/remote_workers.hpp>

#include "http/route.hpp"

namespace jobqd::http {

/// The calls of remote workers: lease, heartbeat, complete, fail. Outlived by `workers`; outlives its routes.
class WorkerCalls {
 public:
  explicit WorkerCalls(engine::RemoteWorkers& workers) : workers_(workers) {}

  [[nodiscard]] std::vector<Route> routes() const;

 private:
  void lease(const Request& request, ExchangePtr exchange) const;
  void heartbeat(const Request& request, ExchangePtr exchange) const;
  void complete(const Request& request, ExchangePtr exchange) const;
  void fail(const Request& request, ExchangePtr exchange) const;

  engine::RemoteWorkers& workers_;
};

}  // namespace jobqd::http
