#include "http/calls/api.hpp"

#include <utility>

#include "http/requests/session_rules.hpp"

namespace jobqd::http {

namespace {

void ok(const ExchangePtr& exchange) {
  exchange->respond({.content_type = "text/plain", .body = "OK"});
}

}  // namespace

Api::Api(engine::Store& store, engine::RemoteWorkers& remote, const base::Clock& clock, base::Random& random)
    : store_(store), remote_(remote), clock_(clock), random_(random), router_(make_routes()) {}

std::vector<Route> Api::make_routes() {
  return {
      {"GET", "/healthz", [](Request&, const ExchangePtr& exchange) { ok(exchange); }},
      {"GET", "/livez", [](Request&, const ExchangePtr& exchange) { ok(exchange); }},
      {"GET", "/readyz", [this](Request&, ExchangePtr exchange) { readyz(std::move(exchange)); }},
      {"POST", "/enqueue",
       [this](Request& request, ExchangePtr exchange) { enqueue(request, std::move(exchange)); }},
      {"GET", "/v1/jobs",
       [this](Request& request, ExchangePtr exchange) { list_jobs(request, std::move(exchange)); }},
      {"GET", "/v1/jobs/{id}",
       [this](Request& request, ExchangePtr exchange) { get_job(request, std::move(exchange)); }},
      {"DELETE", "/v1/jobs/{id}",
       [this](Request& request, ExchangePtr exchange) { remove_job(request, std::move(exchange)); }},
      {"POST", "/v1/jobs/{id}/cancel",
       [this](Request& request, ExchangePtr exchange) {
         store_.cancel(request.id, respond_with_job(std::move(exchange)));
       }},
      {"POST", "/v1/jobs/{id}/retry",
       [this](Request& request, ExchangePtr exchange) {
         store_.retry(request.id, respond_with_job(std::move(exchange)));
       }},
      {"GET", "/v1/queues", [this](Request&, const ExchangePtr& exchange) { list_queues(exchange); }},
      {"GET", "/v1/queues/{name}",
       [this](const Request& request, const ExchangePtr& exchange) { get_queue(request.id, exchange); }},
      {"POST", "/v1/queues/{name}/pause",
       [this](const Request& request, ExchangePtr exchange) {
         pause_queue(request.id, true, std::move(exchange));
       }},
      {"POST", "/v1/queues/{name}/resume",
       [this](const Request& request, ExchangePtr exchange) {
         pause_queue(request.id, false, std::move(exchange));
       }},
      {"POST", "/v1/queues/{name}/retry",
       [this](const Request& request, ExchangePtr exchange) {
         store_.retry_all(request.id, respond_with_count(std::move(exchange)));
       }},
      {"POST", "/v1/queues/{name}/purge",
       [this](const Request& request, ExchangePtr exchange) {
         store_.purge(request.id, respond_with_count(std::move(exchange)));
       }},
      {"POST", "/v1/queues/{name}/lease",
       [this](const Request& request, ExchangePtr exchange) { lease(request, std::move(exchange)); }},
      {"POST", "/v1/jobs/{id}/heartbeat",
       [this](const Request& request, ExchangePtr exchange) { heartbeat(request, std::move(exchange)); }},
      {"POST", "/v1/jobs/{id}/complete",
       [this](const Request& request, ExchangePtr exchange) { complete(request, std::move(exchange)); }},
      {"POST", "/v1/jobs/{id}/fail",
       [this](const Request& request, ExchangePtr exchange) { fail(request, std::move(exchange)); }},
  };
}

void Api::handle(Request& request, ExchangePtr exchange) {
  const bool changes = request.method == "POST" || request.method == "DELETE";
  if (changes &&
      from_another_site(request.headers("Origin"), request.headers("Sec-Fetch-Site"), request.header("Host")))
    return exchange->respond(
        problem({.code = domain::ErrorCode::forbidden_origin,
                 .detail = "a page of another web site made this request (Origin, Sec-Fetch-Site)"}));
  router_(request, std::move(exchange));
}

bool Api::answers_beyond_limit(const Request& request) const {
  return is_probe(request.path);
}

void Api::readyz(ExchangePtr exchange) const {
  if (draining_)
    return exchange->respond(problem({.code = domain::ErrorCode::draining,
                                      .detail = "draining: the daemon is stopping and takes no new jobs"}));
  if (auto trouble = store_.trouble(); !trouble.empty())
    return exchange->respond(
        problem({.code = domain::ErrorCode::store_unavailable, .detail = std::move(trouble)}));
  ok(exchange);
}

}  // namespace jobqd::http
