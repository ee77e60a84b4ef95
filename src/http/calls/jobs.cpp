#include "http/calls/jobs.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include <jobqd/base/number.hpp>

#include "http/bodies/field_values.hpp"
#include "http/bodies/views.hpp"
#include "http/calls/job_list.hpp"
#include "http/calls/parameters.hpp"

namespace jobqd::http {

namespace {

using domain::Error;

constexpr base::milliseconds wait_longest{60'000};
constexpr std::size_t limit_highest = 1000;

std::expected<engine::ListQuery, Error> read_list_query(const Request& request) {
  engine::ListQuery query{.queue = request.parameter("queue")};
  if (const auto text = request.parameter("status")) {
    query.status = domain::status_from(*text);
    if (!query.status)
      return std::unexpected(wrong_parameter("status", *text, "queued, running, done or failed"));
  }
  if (const auto text = request.parameter("limit")) {
    const auto limit = base::parse_number<std::uint64_t>(*text);
    if (!limit || *limit < 1 || *limit > limit_highest)
      return std::unexpected(wrong_parameter("limit", *text, "a whole number from 1 to 1000"));
    query.limit = *limit;
  }
  if (const auto text = request.parameter("cursor")) {
    const auto cursor = base::parse_number<std::uint64_t>(*text);
    if (!cursor || *cursor == 0)
      return std::unexpected(wrong_parameter("cursor", *text, "the next_cursor of another page"));
    query.before = *cursor;
  }
  return query;
}

/// Answers with the job, or with the problem. `action`: what was done to it, if anything was.
engine::Callback<domain::Job> respond_with_job(ExchangePtr exchange,
                                               std::optional<std::string_view> action = {}) {
  return [exchange = std::move(exchange), action](engine::Expected<domain::Job> job) {
    if (!job) return exchange->respond(problem(job.error()));
    Response response;
    if (action) response.change = Change{.action = *action};
    JsonWriter json(response.body);
    write_job(json, *job);
    exchange->respond(std::move(response));
  };
}

}  // namespace

std::vector<Route> JobCalls::routes() const {
  using std::bind_front;
  return {
      {"GET",
       "/v1/jobs",
       Access::read,
       {.query = {"queue", "status", "limit", "cursor"}},
       bind_front(&JobCalls::list, this)},
      {"GET", "/v1/jobs/{id}", Access::read, {.query = {"wait"}}, bind_front(&JobCalls::get, this)},
      {"DELETE", "/v1/jobs/{id}", Access::admin, {}, bind_front(&JobCalls::remove, this)},
      {"POST", "/v1/jobs/{id}/cancel", Access::admin, {}, bind_front(&JobCalls::cancel, this)},
      {"POST", "/v1/jobs/{id}/retry", Access::admin, {}, bind_front(&JobCalls::retry, this)},
  };
}

void JobCalls::get(const Request& request, ExchangePtr exchange) const {
  const auto text = request.parameter("wait");
  if (!text) return operations_.find(request.path_param, respond_with_job(std::move(exchange)));
  const auto seconds = base::parse_number<double>(*text);
  const auto wait = duration_up_to(seconds ? FieldValue(*seconds) : FieldValue(std::string_view(*text)),
                                   base::milliseconds{0}, wait_longest);
  if (!wait)
    return exchange->respond(problem(
        wrong_parameter("wait", *text, "a duration such as 30s, or a number of seconds, at most 60s")));
  wait_for(request.path_param, *wait, std::move(exchange));
}

void JobCalls::wait_for(const std::string& id, base::milliseconds wait, ExchangePtr exchange) const {
  const auto watch = operations_.watch(id, respond_with_job(exchange));
  if (watch == 0) return;
  // Weak, because the exchange is over once the watch has answered. Only the one that removes the watch
  // answers.
  exchange->after(wait, [this, id, watch, weak = std::weak_ptr(exchange)] {
    if (!operations_.unwatch(watch)) return;
    if (auto waiting = weak.lock()) operations_.find(id, respond_with_job(std::move(waiting)));
  });
}

void JobCalls::list(const Request& request, ExchangePtr exchange) const {
  auto query = read_list_query(request);
  if (!query) return exchange->respond(problem(query.error()));
  JobList::answer(operations_, *std::move(query), std::move(exchange));
}

void JobCalls::remove(const Request& request, ExchangePtr exchange) const {
  operations_.remove(request.path_param, [exchange =
                                              std::move(exchange)](const engine::Expected<void>& done) {
    exchange->respond(done ? Response{.status = 204, .content_type = "", .change = Change{.action = "delete"}}
                           : problem(done.error()));
  });
}

void JobCalls::cancel(const Request& request, ExchangePtr exchange) const {
  operations_.cancel(request.path_param, respond_with_job(std::move(exchange), "cancel"));
}

void JobCalls::retry(const Request& request, ExchangePtr exchange) const {
  operations_.retry(request.path_param, respond_with_job(std::move(exchange), "retry"));
}

}  // namespace jobqd::http
