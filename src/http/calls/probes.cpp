#include "http/calls/probes.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

namespace jobqd::http {

namespace {

std::string condition_of(const engine::QueueState& queue) {
  if (!queue.configured) return "no_queue";
  if (!queue.processor.fault.empty()) return "not_working: " + queue.processor.fault;
  if (!queue.shortage.empty()) return "shortage: " + queue.shortage;
  return "ok";
}

}  // namespace

std::vector<Route> ProbeCalls::routes() const {
  using std::bind_front;
  return {{"GET", "/healthz", Access::probe, {}, bind_front(&ProbeCalls::alive, this)},
          {"GET", "/livez", Access::probe, {}, bind_front(&ProbeCalls::alive, this)},
          {"GET", "/readyz", Access::probe, {.query = {"verbose"}}, bind_front(&ProbeCalls::ready, this)}};
}

std::optional<domain::Error> ProbeCalls::starting() const {
  if (serving_.load(std::memory_order_acquire)) return std::nullopt;
  auto why = operations_.trouble();
  if (why.empty()) why = "the daemon is starting";
  return domain::Error{.code = domain::ErrorCode::store_unavailable, .detail = std::move(why)};
}

void ProbeCalls::alive(const Request& /*request*/, const ExchangePtr& exchange) const {
  exchange->respond({.content_type = "text/plain", .body = "OK"});
}

void ProbeCalls::ready(const Request& request, const ExchangePtr& exchange) const {
  if (draining_)
    return exchange->respond(
        problem({.code = domain::ErrorCode::draining, .detail = "draining: the daemon is stopping"}));
  if (const auto error = starting()) return exchange->respond(problem(*error));
  if (auto trouble = operations_.trouble(); !trouble.empty())
    return exchange->respond(
        problem({.code = domain::ErrorCode::store_unavailable, .detail = std::move(trouble)}));
  const auto is_verbose = [](const auto& parameter) { return parameter.first == "verbose"; };
  if (std::ranges::none_of(request.query, is_verbose)) return alive(request, exchange);
  exchange->respond({.content_type = "text/plain", .body = parts()});
}

std::string ProbeCalls::parts() const {
  std::string lines = "OK\nstore: ok\n";
  for (const auto& queue : operations_.queues())
    lines += fmt::format("queue {}: {}\n", queue.name, condition_of(queue));
  return lines;
}

}  // namespace jobqd::http
