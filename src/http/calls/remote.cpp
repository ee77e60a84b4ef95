// What workers elsewhere ask: lease, heartbeat, complete, fail.

#include <utility>

#include <jobqd/base/rfc3339.hpp>

#include "http/bodies/remote_body.hpp"
#include "http/bodies/views.hpp"
#include "http/calls/api.hpp"

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

engine::Callback<void> respond_with_nothing(ExchangePtr exchange) {
  return [exchange = std::move(exchange)](engine::Expected<void> done) {
    exchange->respond(done ? Response{.status = 204, .content_type = ""} : problem(done.error()));
  };
}

/// Whether to try again, and when, is for the worker to say.
engine::Outcome failure(RemoteBody body) {
  if (!body.retryable) return engine::Fail{.error = std::move(body.error)};
  return engine::Retry{.error = std::move(body.error), .after = body.retry_after};
}

}  // namespace

void Api::lease(const Request& request, ExchangePtr exchange) const {
  auto body = parse_remote(RemoteCall::lease, request.body);
  if (!body) return exchange->respond(problem(body.error()));
  const auto wait = remote_.lease({.queue = request.id,
                                   .max_jobs = body->max_jobs,
                                   .duration = body->lease,
                                   .worker = std::move(body->worker)},
                                  [exchange](engine::Expected<std::vector<engine::Lease>> leases) {
                                    exchange->respond(leases ? leased(*leases) : problem(leases.error()));
                                  });
  if (wait == 0) return;
  // Weak: once jobs came, the exchange is over. Whoever takes the wait away is the one to answer.
  exchange->after(body->wait, [this, wait, weak = std::weak_ptr(exchange)] {
    if (!remote_.unlease(wait)) return;
    if (auto waiting = weak.lock()) waiting->respond(leased({}));
  });
  // A job that is handed to nobody would lie until its lease runs out.
  exchange->when_gone([this, wait] { remote_.unlease(wait); });
}

void Api::heartbeat(const Request& request, ExchangePtr exchange) const {
  const auto body = parse_remote(RemoteCall::heartbeat, request.body);
  if (!body) return exchange->respond(problem(body.error()));
  remote_.heartbeat(request.id, body->token, body->lease,
                    [exchange = std::move(exchange)](engine::Expected<engine::Extension> extension) {
                      exchange->respond(extension ? extended(*extension) : problem(extension.error()));
                    });
}

void Api::complete(const Request& request, ExchangePtr exchange) const {
  auto body = parse_remote(RemoteCall::complete, request.body);
  if (!body) return exchange->respond(problem(body.error()));
  remote_.settle(request.id, body->token, engine::Done{.result = std::move(body->result)},
                 respond_with_nothing(std::move(exchange)));
}

void Api::fail(const Request& request, ExchangePtr exchange) const {
  auto body = parse_remote(RemoteCall::fail, request.body);
  if (!body) return exchange->respond(problem(body.error()));
  const auto token = body->token;
  remote_.settle(request.id, token, failure(*std::move(body)), respond_with_nothing(std::move(exchange)));
}

}  // namespace jobqd::http
