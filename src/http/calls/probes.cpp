#include "http/calls/probes.hpp"

#include <functional>
#include <utility>

namespace jobqd::http {

std::vector<Route> ProbeCalls::routes() const {
  using std::bind_front;
  return {{"GET", "/healthz", Access::probe, {}, bind_front(&ProbeCalls::alive, this)},
          {"GET", "/livez", Access::probe, {}, bind_front(&ProbeCalls::alive, this)},
          {"GET", "/readyz", Access::probe, {}, bind_front(&ProbeCalls::ready, this)}};
}

void ProbeCalls::alive(const Request& /*request*/, const ExchangePtr& exchange) const {
  exchange->respond({.content_type = "text/plain", .body = "OK"});
}

void ProbeCalls::ready(const Request& request, const ExchangePtr& exchange) const {
  if (draining_)
    return exchange->respond(
        problem({.code = domain::ErrorCode::draining, .detail = "draining: the daemon is stopping"}));
  if (auto trouble = operations_.trouble(); !trouble.empty())
    return exchange->respond(
        problem({.code = domain::ErrorCode::store_unavailable, .detail = std::move(trouble)}));
  alive(request, exchange);
}

}  // namespace jobqd::http
