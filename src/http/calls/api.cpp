#include "http/calls/api.hpp"

#include <iterator>
#include <utility>

#include "http/guards/cross_site.hpp"
#include "http/guards/input.hpp"

namespace jobqd::http {

namespace {

bool needs_jobs(const Route& route) {
  return route.access != Access::probe && route.access != Access::open;
}

}  // namespace

Api::Api(engine::Store& store, const base::Clock& clock, base::Random& random, MetricsText* metrics,
         QueueHistory* history, const TraceparentOf* traceparent_of)
    : enqueue_(store, clock, random),
      jobs_(store),
      queues_(store, history, clock),
      workers_(store, traceparent_of),
      probes_(store),
      metrics_(metrics),
      guards_{check_cross_site, check_input},
      router_(all_routes()) {}

std::vector<Route> Api::all_routes() {
  // The router tries them in this order: the busiest first.
  std::vector<Route> all;
  for (auto group : {enqueue_.routes(), workers_.routes(), jobs_.routes(), queues_.routes(), probes_.routes(),
                     metrics_.routes(), ProblemCalls::routes(), OpenApiCalls::routes()})
    std::ranges::move(group, std::back_inserter(all));
  return all;
}

void Api::handle(Request& request, ExchangePtr exchange) {
  const Route* const route = router_.find(request);
  for (const auto& guard : guards_)
    if (const auto error = guard(request, route)) return exchange->respond(problem(*error));
  if (route == nullptr) return exchange->respond(router_.answer_without_route(request));
  if (needs_jobs(*route))
    if (const auto error = probes_.starting()) return exchange->respond(problem(*error));
  route->handler(request, std::move(exchange));
}

bool Api::answers_beyond_limit(const Request& request) const {
  return router_.is_probe(request.path);
}

}  // namespace jobqd::http
