#pragma once

#include <string_view>
#include <vector>

#include <jobqd/engine/claims.hpp>
#include <jobqd/http/server.hpp>

#include "http/bodies/remote_body.hpp"
#include "http/route.hpp"

namespace jobqd::http {

/// The calls of remote workers: lease, heartbeat, complete, fail. Outlived by `claims`; outlives its routes.
class WorkerCalls {
 public:
  explicit WorkerCalls(engine::Claims& claims, const TraceparentOf* traceparent_of = nullptr)
      : claims_(claims), traceparent_of_(traceparent_of) {}

  [[nodiscard]] std::vector<Route> routes() const;

 private:
  void lease(const Request& request, ExchangePtr exchange) const;
  /// Leases up to body.max_jobs jobs, as many as there is room for.
  void lease_some(std::string_view queue, RemoteBody body, Room room, ExchangePtr exchange) const;
  void heartbeat(const Request& request, ExchangePtr exchange) const;
  void complete(const Request& request, ExchangePtr exchange) const;
  void fail(const Request& request, ExchangePtr exchange) const;

  engine::Claims& claims_;
  const TraceparentOf* const traceparent_of_;  ///< Of ServerOptions.
};

}  // namespace jobqd::http
