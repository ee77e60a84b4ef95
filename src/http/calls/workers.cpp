#include "http/calls/workers.hpp"

#include <functional>
#include <utility>

#include <jobqd/base/rfc3339.hpp>

#include "http/bodies/remote_body.hpp"
#include "http/bodies/views.hpp"

namespace jobqd::http {

namespace {

Response leased(const std::vector<engine::Claim>& claims, const TraceparentOf* traceparent_of) {
  Response response;
  JsonWriter json(response.body);
  json.begin_object();
  json.key("jobs").begin_array();
  for (const auto& claim : claims)
    write_lease(json, claim, traceparent_of != nullptr ? (*traceparent_of)(claim) : claim.traceparent);
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

/// Answers with 204, or with the problem.
engine::Callback<engine::Resolution> respond_with_nothing(ExchangePtr exchange) {
  return [exchange = std::move(exchange)](const engine::Expected<engine::Resolution>& done) {
    exchange->respond(done ? Response{.status = 204, .content_type = ""} : problem(done.error()));
  };
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
      {"POST",
       "/v1/queues/{name}/lease",
       Access::work,
       {.body = true, .waits = true},
       bind_front(&WorkerCalls::lease, this)},
      {"POST",
       "/v1/jobs/{id}/heartbeat",
       Access::work,
       {.body = true},
       bind_front(&WorkerCalls::heartbeat, this)},
      {"POST",
       "/v1/jobs/{id}/complete",
       Access::work,
       {.body = true},
       bind_front(&WorkerCalls::complete, this)},
      {"POST", "/v1/jobs/{id}/fail", Access::work, {.body = true}, bind_front(&WorkerCalls::fail, this)},
  };
}

void WorkerCalls::lease(const Request& request, ExchangePtr exchange) const {
  auto body = parse_remote(RemoteCall::lease, request.body);
  if (!body) return exchange->respond(problem(body.error()));
  // There is always room for one job.
  if (body->max_jobs == 1)
    return lease_some(request.path_param, *std::move(body), {.now = 1}, std::move(exchange));
  auto& asks = *exchange;
  asks.when_room([this, queue = request.path_param, body = *std::move(body), exchange = std::move(exchange)](
                     Room room) mutable { lease_some(queue, std::move(body), room, std::move(exchange)); });
}

void WorkerCalls::lease_some(std::string_view queue, RemoteBody body, Room room, ExchangePtr exchange) const {
  const auto wait = engine::new_wait_id();
  const bool waits =
      claims_.claim({.queue = queue,
                     .max_jobs = body.max_jobs,
                     .lease = engine::LeaseTerms{.duration = body.lease, .worker = std::move(body.worker)},
                     .wait_id = wait,
                     .max_bytes = {.now = room.now, .after_wait = room.after_wait}},
                    [exchange, traceparent_of = traceparent_of_](
                        const engine::Expected<std::vector<engine::Claim>>& claims) {
                      exchange->respond(claims ? leased(*claims, traceparent_of) : problem(claims.error()));
                    });
  if (!waits) return;
  // Weak, because the exchange is over once jobs came. Only the one that ends the wait answers.
  exchange->after(body.wait, [this, wait, weak = std::weak_ptr(exchange)] {
    if (!claims_.withdraw(wait)) return;
    if (auto waiting = weak.lock()) waiting->respond(leased({}, nullptr));
  });
}

void WorkerCalls::heartbeat(const Request& request, ExchangePtr exchange) const {
  const auto body = parse_remote(RemoteCall::heartbeat, request.body);
  if (!body) return exchange->respond(problem(body.error()));
  claims_.extend(request.path_param, body->token, body->lease,
                 [exchange = std::move(exchange)](engine::Expected<engine::Extension> extension) {
                   exchange->respond(extension ? extended(*extension) : problem(extension.error()));
                 });
}

void WorkerCalls::complete(const Request& request, ExchangePtr exchange) const {
  auto body = parse_remote(RemoteCall::complete, request.body);
  if (!body) return exchange->respond(problem(body.error()));
  claims_.settle(request.path_param, body->token, engine::Done{.result = std::move(body->result)},
                 engine::Settler::remote_worker, respond_with_nothing(std::move(exchange)));
}

void WorkerCalls::fail(const Request& request, ExchangePtr exchange) const {
  auto body = parse_remote(RemoteCall::fail, request.body);
  if (!body) return exchange->respond(problem(body.error()));
  const auto token = body->token;
  claims_.settle(request.path_param, token, failure(*std::move(body)), engine::Settler::remote_worker,
                 respond_with_nothing(std::move(exchange)));
}

}  // namespace jobqd::http
