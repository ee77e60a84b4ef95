#include "http/calls/queues.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "http/bodies/views.hpp"

namespace jobqd::http {

namespace {

/// Answers with the number of jobs, or with the problem.
engine::Callback<std::uint64_t> respond_with_count(ExchangePtr exchange) {
  return [exchange = std::move(exchange)](engine::Expected<std::uint64_t> count) {
    if (!count) return exchange->respond(problem(count.error()));
    Response response;
    JsonWriter json(response.body);
    json.begin_object();
    json.key("count").number(*count);
    json.end_object();
    exchange->respond(std::move(response));
  };
}

}  // namespace

std::vector<Route> QueueCalls::routes() const {
  using std::bind_front;
  return {
      {"GET", "/v1/queues", Access::read, bind_front(&QueueCalls::list, this)},
      {"GET", "/v1/queues/{name}", Access::read, bind_front(&QueueCalls::get, this)},
      {"POST", "/v1/queues/{name}/pause", Access::admin, bind_front(&QueueCalls::pause, this)},
      {"POST", "/v1/queues/{name}/resume", Access::admin, bind_front(&QueueCalls::resume, this)},
      {"POST", "/v1/queues/{name}/retry", Access::admin, bind_front(&QueueCalls::retry_all, this)},
      {"POST", "/v1/queues/{name}/purge", Access::admin, bind_front(&QueueCalls::purge, this)},
  };
}

void QueueCalls::list(const Request& /*request*/, const ExchangePtr& exchange) const {
  Response response;
  JsonWriter json(response.body);
  json.begin_object();
  json.key("queues").begin_array();
  for (const auto& queue : operations_.queues()) write_queue(json, queue);
  json.end_array();
  json.end_object();
  exchange->respond(std::move(response));
}

void QueueCalls::get(const Request& request, const ExchangePtr& exchange) const {
  exchange->respond(shown(request.path_param));
}

void QueueCalls::pause(const Request& request, ExchangePtr exchange) const {
  set_paused(request.path_param, true, std::move(exchange));
}

void QueueCalls::resume(const Request& request, ExchangePtr exchange) const {
  set_paused(request.path_param, false, std::move(exchange));
}

void QueueCalls::retry_all(const Request& request, ExchangePtr exchange) const {
  operations_.retry_all(request.path_param, respond_with_count(std::move(exchange)));
}

void QueueCalls::purge(const Request& request, ExchangePtr exchange) const {
  operations_.purge(request.path_param, respond_with_count(std::move(exchange)));
}

void QueueCalls::set_paused(const std::string& queue, bool paused, ExchangePtr exchange) const {
  operations_.set_paused(queue, paused,
                         [this, queue, exchange = std::move(exchange)](engine::Expected<void> done) {
                           exchange->respond(done ? shown(queue) : problem(done.error()));
                         });
}

Response QueueCalls::shown(const std::string& queue) const {
  const auto queues = operations_.queues();
  const auto found = std::ranges::find(queues, queue, &engine::QueueState::name);
  if (found == queues.end())
    return problem({.code = domain::ErrorCode::queue_not_found,
                    .detail = fmt::format("there is no queue named \"{}\"", queue)});
  Response response;
  JsonWriter json(response.body);
  write_queue(json, *found);
  return response;
}

}  // namespace jobqd::http
