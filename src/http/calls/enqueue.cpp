#include "http/calls/enqueue.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include <boost/url/rfc/unreserved_chars.hpp>
#include <fmt/format.h>

#include <jobqd/domain/limits.hpp>

#include "http/bodies/enqueue_parser.hpp"
#include "http/bodies/field_values.hpp"
#include "http/bodies/json_writer.hpp"
#include "http/calls/uuid7.hpp"

namespace jobqd::http {

namespace {

using domain::Error;
using domain::ErrorCode;

/// Idempotency-Key as draft-ietf-httpapi-idempotency-key-header has it, a quoted string, or bare.
std::expected<std::string, Error> read_idempotency_key(const std::vector<std::string_view>& headers) {
  const auto refused = [](std::string_view why) {
    return std::unexpected(
        Error{.code = ErrorCode::invalid_field, .detail = fmt::format("the Idempotency-Key header {}", why)});
  };
  if (headers.size() > 1) return refused("is given more than once");
  auto text = headers.front();
  std::string key;
  const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  if (quoted) text = text.substr(1, text.size() - 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\' && i + 1 < text.size()) ++i;
    if (text[i] < 0x20 || text[i] > 0x7E) return refused("must be visible ASCII");
    key.push_back(text[i]);
  }
  if (const auto fault = id_fault(key); !fault.empty()) return refused(fault);
  return key;
}

/// The traceparent header of W3C Trace Context, level 1; one that is none is passed over, as it says there.
std::string_view read_traceparent(const std::vector<std::string_view>& headers) {
  // version "-" trace-id "-" parent-id "-" flags, in lower-case hex
  constexpr std::string_view form = "xx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
  if (headers.size() != 1 || headers.front().size() != form.size()) return {};
  const auto text = headers.front();
  const auto fits = [](char c, char as) {
    return as == '-' ? c == '-' : (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  };
  const auto is_zero = [](std::string_view id) {
    return id.find_first_not_of('0') == std::string_view::npos;
  };
  const bool valid = std::ranges::equal(text, form, fits) && !text.starts_with("ff") &&
                     !is_zero(text.substr(3, 32)) && !is_zero(text.substr(36, 16));
  return valid ? text : std::string_view{};
}

/// The path of the job; what may not stand in a path is percent-encoded (RFC 3986 section 2).
std::string location_of(std::string_view id) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string path = "/v1/jobs/";
  path.reserve(path.size() + id.size());
  while (!id.empty()) {
    const auto plain =
        static_cast<std::size_t>(std::ranges::find_if_not(id, boost::urls::unreserved_chars) - id.begin());
    path += id.substr(0, plain);
    id.remove_prefix(plain);
    if (id.empty()) break;
    const auto byte = static_cast<unsigned char>(id.front());
    path += {'%', hex[byte >> 4], hex[byte & 0xFU]};
    id.remove_prefix(1);
  }
  return path;
}

/// How the answer is worded.
enum class Wording : std::uint8_t { status_only, with_id, batch };

Response accepted(const std::vector<engine::Submitted>& jobs, Wording wording) {
  Response response{.status = 200};
  constexpr std::size_t around_id = 32;
  response.body.reserve(jobs.size() * (jobs.front().id.size() + around_id));
  JsonWriter json(response.body);
  if (wording == Wording::batch) json.begin_array();
  for (const auto& job : jobs) {
    if (job.created) response.status = 202;
    json.begin_object();
    if (wording != Wording::status_only) json.key("id").string(job.id);
    json.key("status").string(domain::to_string(job.status));
    json.end_object();
  }
  if (wording == Wording::batch)
    json.end_array();
  else
    response.headers.emplace_back("Location", location_of(jobs.front().id));
  return response;
}

}  // namespace

std::vector<Route> EnqueueCalls::routes() const {
  return {
      {"POST", "/enqueue", Access::enqueue, {.body = true}, std::bind_front(&EnqueueCalls::enqueue, this)}};
}

void EnqueueCalls::enqueue(const Request& request, ExchangePtr exchange) const {
  auto body = parse_enqueue(request.body);
  if (!body) return exchange->respond(problem(body.error()));
  auto wording = body->batch ? Wording::batch : Wording::status_only;
  if (const auto headers = request.headers("Idempotency-Key"); !headers.empty()) {
    const auto key = read_idempotency_key(headers);
    if (!key) return exchange->respond(problem(key.error()));
    if (body->batch)
      return exchange->respond(
          problem({.code = ErrorCode::invalid_field,
                   .detail = "Idempotency-Key goes with one job; give the jobs of an array ids"}));
    if (body->jobs.front().id.empty()) body->jobs.front().id = *key;
  }
  const auto traceparent = read_traceparent(request.headers("traceparent"));
  const auto now = clock_.now().wall;
  for (auto& job : body->jobs) {
    job.traceparent = traceparent;
    if (!job.id.empty()) continue;
    job.id = make_uuid7(now, random_);
    if (!body->batch) wording = Wording::with_id;
  }
  for (std::size_t i = 0; i < body->jobs.size(); ++i) {
    const auto& run_at = body->jobs[i].run_at;
    if (!run_at || *run_at - now <= domain::limits::delay_longest) continue;
    const auto pointer = body->batch ? fmt::format("/{}/run_at", i) : "/run_at";
    return exchange->respond(problem({.code = ErrorCode::invalid_field,
                                      .detail = fmt::format("{} must be at most 366 days ahead", pointer),
                                      .fields = {{pointer, "must be at most 366 days ahead"}}}));
  }
  intake_.submit(std::move(body->jobs), [exchange = std::move(exchange), wording](auto submitted) {
    if (submitted) return exchange->respond(accepted(*submitted, wording));
    auto& error = submitted.error();
    if (wording != Wording::batch)  // The client sent no array to point into.
      for (auto& field : error.fields)
        if (field.pointer.starts_with("/0")) field.pointer.erase(0, 2);
    exchange->respond(problem(error));
  });
}

}  // namespace jobqd::http
