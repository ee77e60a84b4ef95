#include "http/calls/queues.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include <jobqd/base/number.hpp>

#include "http/bodies/field_values.hpp"
#include "http/bodies/views.hpp"
#include "http/calls/parameters.hpp"

namespace jobqd::http {

namespace {

constexpr base::milliseconds target_shortest{1'000};
constexpr base::milliseconds target_longest = std::chrono::hours{24};

/// Answers with the number of jobs, or with the problem. `action`: what was done to them, unless it was a dry
/// run.
engine::Callback<std::uint64_t> respond_with_count(ExchangePtr exchange, std::string_view action,
                                                   bool dry_run) {
  return [exchange = std::move(exchange), action, dry_run](engine::Expected<std::uint64_t> count) {
    if (!count) return exchange->respond(problem(count.error()));
    Response response;
    if (!dry_run) response.change = Change{.action = action, .count = *count};
    JsonWriter json(response.body);
    json.begin_object();
    json.key("count").number(*count);
    json.end_object();
    exchange->respond(std::move(response));
  };
}

constexpr std::array<std::optional<domain::Reason>, 4> failed_reasons{
    domain::Reason::exhausted, domain::Reason::rejected, domain::Reason::interrupted,
    domain::Reason::cancelled};

engine::Expected<bool> read_dry_run(const Request& request) {
  const auto text = request.parameter("dry_run");
  if (text && *text != "true" && *text != "false")
    return std::unexpected(wrong_parameter("dry_run", *text, "true or false"));
  return text == "true";
}

engine::Expected<engine::RetryAll> read_retry_all(const Request& request) {
  engine::RetryAll which{.queue = request.path_param};
  if (const auto text = request.parameter("reason")) {
    which.reason = domain::reason_from(*text);
    if (std::ranges::find(failed_reasons, which.reason) == failed_reasons.end())
      return std::unexpected(
          wrong_parameter("reason", *text, "exhausted, rejected, interrupted or cancelled"));
  }
  const auto dry_run = read_dry_run(request);
  if (!dry_run) return std::unexpected(dry_run.error());
  which.dry_run = *dry_run;
  return which;
}

engine::Expected<engine::Purge> read_purge(const Request& request) {
  engine::Purge which{.queue = request.path_param};
  if (const auto text = request.parameter("status")) {
    const auto status = domain::status_from(*text);
    if (!status || *status == domain::Status::running)
      return std::unexpected(wrong_parameter("status", *text, "queued, done or failed"));
    which.status = *status;
  }
  const auto dry_run = read_dry_run(request);
  if (!dry_run) return std::unexpected(dry_run.error());
  which.dry_run = *dry_run;
  return which;
}

/// Empty: none is given.
engine::Expected<std::optional<base::milliseconds>> read_target(const Request& request) {
  const auto text = request.parameter("target");
  if (!text) return std::nullopt;
  const auto seconds = base::parse_number<double>(*text);
  const auto target = duration_up_to(seconds ? FieldValue(*seconds) : FieldValue(std::string_view(*text)),
                                     target_shortest, target_longest);
  if (!target)
    return std::unexpected(
        wrong_parameter("target", *text, "a duration such as 30s, or a number of seconds, from 1s to 24h"));
  return target;
}

}  // namespace

std::vector<Route> QueueCalls::routes() {
  using std::bind_front;
  return {
      {"GET",
       "/v1/queues",
       Access::read,
       {.query = {"history", "sort", "prefix", "limit", "cursor"}},
       bind_front(&QueueCalls::list, this)},
      {"GET", "/v1/queues/{name}", Access::read, {.query = {"target"}}, bind_front(&QueueCalls::get, this)},
      {"GET",
       "/v1/queues/{name}/history",
       Access::read,
       {.query = {"span"}},
       bind_front(&QueuePages::history, &pages_)},
      {"POST", "/v1/queues/{name}/pause", Access::admin, {}, bind_front(&QueueCalls::pause, this)},
      {"POST", "/v1/queues/{name}/resume", Access::admin, {}, bind_front(&QueueCalls::resume, this)},
      {"POST",
       "/v1/queues/{name}/retry",
       Access::admin,
       {.query = {"reason", "dry_run"}},
       bind_front(&QueueCalls::retry_all, this)},
      {"POST",
       "/v1/queues/{name}/purge",
       Access::admin,
       {.query = {"status", "dry_run"}},
       bind_front(&QueueCalls::purge, this)},
  };
}

void QueueCalls::list(const Request& request, ExchangePtr exchange) {
  if (!request.query.empty()) return pages_.list(request, std::move(exchange));
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
  const auto target = read_target(request);
  if (!target) return exchange->respond(problem(target.error()));
  exchange->respond(shown(request.path_param, *target));
}

void QueueCalls::pause(const Request& request, ExchangePtr exchange) const {
  set_paused(request.path_param, true, std::move(exchange));
}

void QueueCalls::resume(const Request& request, ExchangePtr exchange) const {
  set_paused(request.path_param, false, std::move(exchange));
}

void QueueCalls::retry_all(const Request& request, ExchangePtr exchange) const {
  const auto which = read_retry_all(request);
  if (!which) return exchange->respond(problem(which.error()));
  operations_.retry_all(*which, respond_with_count(std::move(exchange), "retry", which->dry_run));
}

void QueueCalls::purge(const Request& request, ExchangePtr exchange) const {
  const auto which = read_purge(request);
  if (!which) return exchange->respond(problem(which.error()));
  operations_.purge(*which, respond_with_count(std::move(exchange), "purge", which->dry_run));
}

void QueueCalls::set_paused(const std::string& queue, bool paused, ExchangePtr exchange) const {
  operations_.set_paused(queue, paused,
                         [this, queue, paused, exchange = std::move(exchange)](engine::Expected<void> done) {
                           if (!done) return exchange->respond(problem(done.error()));
                           auto response = shown(queue);
                           response.change = Change{.action = paused ? "pause" : "resume"};
                           exchange->respond(std::move(response));
                         });
}

Response QueueCalls::shown(const std::string& name, std::optional<base::milliseconds> target) const {
  const auto queue = operations_.queue(name);
  if (!queue)
    return problem({.code = domain::ErrorCode::queue_not_found,
                    .detail = fmt::format("there is no queue named \"{}\"", name)});
  Response response;
  JsonWriter json(response.body);
  const auto scale = scale_of(*queue, target);
  write_queue(json, *queue, &scale);
  return response;
}

}  // namespace jobqd::http
