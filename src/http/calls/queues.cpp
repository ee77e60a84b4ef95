// /v1/queues

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "http/bodies/views.hpp"
#include "http/calls/api.hpp"

namespace jobqd::http {

void Api::list_queues(const ExchangePtr& exchange) const {
  Response response;
  JsonWriter json(response.body);
  json.begin_object();
  json.key("queues").begin_array();
  for (const auto& queue : store_.queues()) write_queue(json, queue);
  json.end_array();
  json.end_object();
  exchange->respond(std::move(response));
}

void Api::get_queue(const std::string& name, const ExchangePtr& exchange) const {
  const auto queues = store_.queues();
  const auto queue = std::ranges::find(queues, name, &engine::QueueState::name);
  if (queue == queues.end())
    return exchange->respond(problem({.code = domain::ErrorCode::queue_not_found,
                                      .detail = fmt::format("there is no queue named \"{}\"", name)}));
  Response response;
  JsonWriter json(response.body);
  write_queue(json, *queue);
  exchange->respond(std::move(response));
}

void Api::pause_queue(const std::string& name, bool paused, ExchangePtr exchange) const {
  store_.set_paused(name, paused, [this, name, exchange = std::move(exchange)](engine::Expected<void> done) {
    if (!done) return exchange->respond(problem(done.error()));
    get_queue(name, exchange);
  });
}

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

}  // namespace jobqd::http
