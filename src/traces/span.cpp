#include "traces/span.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include <jobqd/base/json_string.hpp>

namespace jobqd::traces {

namespace {

// SpanKind and StatusCode of opentelemetry/proto/trace/v1/trace.proto.
constexpr int kind_consumer = 5;
constexpr int status_error = 2;

constexpr std::size_t bytes_a_span = 1024;

void add_string(std::string& json, std::string_view key, std::string_view value) {
  fmt::format_to(std::back_inserter(json), R"({{"key":"{}","value":{{"stringValue":)", key);
  base::append_json_string(json, value);
  json += "}},";
}

void add_number(std::string& json, std::string_view key, std::int64_t value) {
  fmt::format_to(std::back_inserter(json), R"({{"key":"{}","value":{{"intValue":"{}"}}}},)", key, value);
}

void add_place(std::string& json, const SpanIds& ids) {
  fmt::format_to(std::back_inserter(json), R"("traceId":"{}","spanId":"{}")", ids.trace_id(), ids.span_id());
}

std::int64_t nanoseconds(base::WallTime time) {
  return std::chrono::nanoseconds(time.time_since_epoch()).count();
}

void add_attributes(std::string& json, const Span& span) {
  json += R"("attributes":[)";
  add_string(json, "messaging.system", "jobqd");
  add_string(json, "messaging.operation.type", "process");
  add_string(json, "messaging.operation.name", "process");
  add_string(json, "messaging.destination.name", span.queue);
  add_string(json, "messaging.message.id", span.job);
  add_number(json, "jobqd.attempt", span.attempt);
  add_string(json, "jobqd.outcome", span.outcome);
  if (span.failed) add_string(json, "error.type", span.outcome);
  if (span.waited) add_number(json, "jobqd.wait_ms", span.waited->count());
  json.back() = ']';
}

void add_span(std::string& json, const Span& span) {
  json += '{';
  add_place(json, span.ids.own);
  if (span.ids.enqueue && !span.ids.is_root)
    fmt::format_to(std::back_inserter(json), R"(,"parentSpanId":"{}")", span.ids.enqueue->span_id());
  json += R"(,"flags":1,"name":)";
  base::append_json_string(json, "process " + span.queue);
  // A clock that was set back must not make a span end before its start.
  const auto ended_at = std::max(span.ended_at, span.started_at) + base::milliseconds{1};
  fmt::format_to(std::back_inserter(json), R"(,"kind":{},"startTimeUnixNano":"{}","endTimeUnixNano":"{}",)",
                 kind_consumer, nanoseconds(span.started_at), nanoseconds(ended_at));
  add_attributes(json, span);
  if (span.ids.enqueue && span.ids.is_root) {
    json += R"(,"links":[{)";
    add_place(json, *span.ids.enqueue);
    json += "}]";
  }
  if (span.failed) {
    fmt::format_to(std::back_inserter(json), R"(,"status":{{"code":{},"message":)", status_error);
    base::append_json_string(json, span.error);
    json += '}';
  }
  json += "},";
}

}  // namespace

SpanEnd end_of_span(const engine::Resolution& resolution, engine::StopCause cause) {
  const bool timed_out = cause == engine::StopCause::timed_out;
  if (std::holds_alternative<engine::Done>(resolution)) return {.outcome = "done"};
  if (const auto* again = std::get_if<engine::Again>(&resolution)) {
    if (again->deferred) return {.outcome = "deferred"};
    return {.outcome = timed_out ? "timeout" : "failed", .failed = true, .error = again->error};
  }
  if (const auto* failed = std::get_if<engine::Failed>(&resolution)) {
    if (failed->reason == domain::Reason::cancelled) return {.outcome = "cancelled"};
    SpanEnd end{.outcome = timed_out ? "timeout" : "failed", .failed = true, .error = failed->error};
    if (failed->reason == domain::Reason::rejected) end.outcome = "rejected";
    if (failed->reason == domain::Reason::interrupted) end.outcome = "interrupted";
    return end;
  }
  return {.outcome = "interrupted"};
}

std::string resource_json(const Attributes& resource) {
  std::string json = R"({"attributes":[)";
  for (const auto& [name, value] : resource) {
    json += R"({"key":)";
    base::append_json_string(json, name);
    json += R"(,"value":{"stringValue":)";
    base::append_json_string(json, value);
    json += "}},";
  }
  if (json.back() == ',') json.pop_back();
  return json + "]}";
}

std::string to_json(std::span<const std::unique_ptr<Span>> spans, std::string_view resource) {
  std::string json;
  json.reserve(spans.size() * bytes_a_span);
  fmt::format_to(std::back_inserter(json),
                 R"({{"resourceSpans":[{{"resource":{},"scopeSpans":[{{"scope":{{"name":"jobqd"}},"spans":[)",
                 resource);
  for (const auto& span : spans) add_span(json, *span);
  if (json.back() == ',') json.pop_back();
  return json + "]}]}]}";
}

}  // namespace jobqd::traces
