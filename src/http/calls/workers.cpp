#include "http/calls/workers.hpp"

#include <functional>
#include <utility>

#include <jobqd/base/rfc3339.hpp>

#include "http/bodies/remote_body.hpp"
#include "http/bodies/views.hpp"
#include "http/calls/respond.hpp"

namespace jobqd::http {

namespace {

Response leased(const std::vector<engine::Lease>& leases) {
  Response response;
  JsonWriter json(response.body);
  json.begin_object();
  json.key("jobs").begin_array();
  for (const auto& lease : leases) write_lease(json, lease);
  json.end_array();
  json.end_object();
  return response;
}

Response extended(const engine::Extension& extension) {
  Response response;
  JsonWriter json(response.body);
  json.begin_object();
  json.key("expires_at").string(base::format_rfc3339(extension.expires_at));
  json.key("cancel_requested").boolean(extension.cancel_requested);
  json.end_object();
  return response;
}

/// The worker decides whether the job is tried again, and when.
engine::Outcome failure(RemoteBody body) {
  if (!body.retryable) return engine::Fail{.error = std::move(body.error)};
  return engine::Retry{.error = std::move(body.error), .after = body.retry_after};
}

}  // namespace

std::vector<Route> WorkerCalls::routes() const {
  using std::bind_front;
  return {
      {"POST", "/v1/queues/{name}/lease", Access::work, bind_front(&WorkerCalls::lease, this)},
      {"POST", "/v1/jobs/{id}/heartbeat", Access::work, bind_front(&WorkerCalls::heartbeat, this)},
      {"POST", "/v1/jobs/{id}/complete", Access::work, bind_front(&WorkerCalls::complete, this)},
      {"POST", "/v1/jobs/{id}/fail", Access::work, bind_front(&WorkerCalls::fail, this)},
  };
}

void WorkerCalls::lease(const Request& request, ExchangePtr exchange) const {
  auto body = parse_remote(RemoteCall::lease, request.body);
  if (!body) return exchange->respond(problem(body.error()));
  const auto wait = workers_.lease({.queue = request.path_param,
                                    .max_jobs = body->max_jobs,
                                    .duration = body->lease,
                                    .worker = std::move(body->worker)},
                                   [exchange](engine::Expected<std::vector<engine::Lease>> leases) {
                                     exchange->respond(leases ? leased(*leases) : problem(leases.error()));
                                   });
  if (wait == 0) return;
  // Weak, because the exchange is over once jobs came. Only the one that ends the wait answers.
  exchange->after(body->wait, [this, wait, weak = std::weak_ptr(exchange)] {
    if (!workers_.unlease(wait)) return;
    if (auto waiting = weak.lock()) waiting->respond(leased({}));
  });
  // A job that is leased to a client that is gone would be stuck until the lease runs out.
  exchange->when_gone([this, wait] { workers_.unlease(wait); });
}

void WorkerCalls::heartbeat(const Request& request, ExchangePtr exchange) const {
  const auto body = parse_remote(RemoteCall::heartbeat, request.body);
  if (!body) return exchange->respond(problem(body.error()));
  workers_.heartbeat(request.path_param, body->token, body->lease,
                     [exchange = std::move(exchange)](engine::Expected<engine::Extension> extension) {
                       exchange->respond(extension ? extended(*extension) : problem(extension.error()));
                     });
}

void WorkerCalls::complete(const Request& request, ExchangePtr exchange) const {
  auto body = parse_remote(RemoteCall::complete, request.body);
  if (!body) return exchange->respond(problem(body.error()));
  workers_.settle(request.path_param, body->token, engine::Done{.result = std::move(body->result)},
                  respond_with_nothing<void>(std::move(exchange)));
}

void WorkerCalls::fail(const Request& request, ExchangePtr exchange) const {
  auto body = parse_remote(RemoteCall::fail, request.body);
  if (!body) return exchange->respond(problem(body.error()));
  const auto token = body->token;
  workers_.settle(request.path_param, token, failure(*std::move(body)),
                  respond_with_nothing<void>(std::move(exchange)));
}

}  // namespace jobqd::http
