#include "traces/span.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "traces/claims.hpp"

namespace jobqd::traces {

using nlohmann::json;

namespace {

Span span_of(const engine::Claim& claim) {
  using namespace std::chrono_literals;
  return {.ids = *Tracer(1).span_of(claim),
          .queue = claim.queue,
          .job = claim.id,
          .attempt = claim.attempt,
          .waited = 5s,
          .started_at = claim.started_at,
          .ended_at = claim.started_at + 20ms,
          .outcome = "done"};
}

json written(Span span) {
  std::vector<std::unique_ptr<Span>> spans;
  spans.push_back(std::make_unique<Span>(std::move(span)));
  const auto body = json::parse(to_json(spans, resource_json({{"service.name", "s"}})));
  return body.at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans").at(0);
}

json text(std::string_view key, std::string_view value) {
  return {{"key", key}, {"value", {{"stringValue", value}}}};
}

json number(std::string_view key, std::string_view value) {
  return {{"key", key}, {"value", {{"intValue", value}}}};
}

}  // namespace

TEST(SpanJson, HasIdsInHexEnumsAsNumbersAndLargeIntegersAsStrings) {
  const auto claim = traced_claim("a\"b");
  const auto span = written(span_of(claim));
  const json expected{
      {"traceId", trace},
      {"spanId", Tracer(1).span_of(claim)->own.span_id()},
      {"parentSpanId", parent},
      {"flags", 1},
      {"name", "process default"},
      {"kind", 5},
      {"startTimeUnixNano", "1767268800000000000"},
      {"endTimeUnixNano", "1767268800021000000"},
      {"attributes",
       {text("messaging.system", "jobqd"), text("messaging.operation.type", "process"),
        text("messaging.operation.name", "process"), text("messaging.destination.name", "default"),
        text("messaging.message.id", "a\"b"), number("jobqd.attempt", "1"), text("jobqd.outcome", "done"),
        number("jobqd.wait_ms", "5000")}}};
  EXPECT_EQ(span, expected) << span.dump(1);
}

TEST(SpanJson, LinksARetryToTheRequest) {
  auto claim = traced_claim("a");
  claim.attempt = 2;
  const auto span = written(span_of(claim));
  EXPECT_FALSE(span.contains("parentSpanId"));
  EXPECT_EQ(span.at("links"), json::array({{{"traceId", trace}, {"spanId", parent}}}));
}

TEST(SpanJson, HasNeitherParentNorLinkWithoutARequest) {
  const auto span = written(span_of(traced_claim("a", "")));
  EXPECT_FALSE(span.contains("parentSpanId") || span.contains("links"));
}

TEST(SpanJson, ShowsAnErrorAsItsStatus) {
  auto failed = span_of(traced_claim("a"));
  failed.outcome = "timeout";
  failed.failed = true;
  failed.error = "bad \xFF byte";
  const auto span = written(std::move(failed));
  EXPECT_EQ(span.at("status"), (json{{"code", 2}, {"message", "bad \xEF\xBF\xBD byte"}}));
  EXPECT_NE(std::ranges::find(span.at("attributes"), text("error.type", "timeout")),
            span.at("attributes").end());
}

TEST(SpanJson, DoesNotEndBeforeItsStart) {
  auto odd = span_of(traced_claim("a"));
  odd.ended_at = odd.started_at - base::milliseconds{500};
  odd.waited.reset();
  const auto span = written(std::move(odd));
  EXPECT_EQ(span.at("endTimeUnixNano"), "1767268800001000000");
  EXPECT_EQ(span.at("attributes").back(), text("jobqd.outcome", "done"));
}

TEST(SpanJson, HasAllSpansUnderOneResource) {
  std::vector<std::unique_ptr<Span>> spans;
  for (const auto* id : {"a", "b"}) spans.push_back(std::make_unique<Span>(span_of(traced_claim(id))));
  const auto body = json::parse(to_json(spans, resource_json({{"service.name", "s"}, {"a\"", "b"}})));
  const auto& resource = body.at("resourceSpans").at(0);
  EXPECT_EQ(resource.at("resource"), (json{{"attributes", {text("service.name", "s"), text("a\"", "b")}}}));
  EXPECT_EQ(resource.at("scopeSpans").at(0).at("scope"), (json{{"name", "jobqd"}}));
  EXPECT_EQ(resource.at("scopeSpans").at(0).at("spans").size(), 2U);
}

TEST(SpanEnd, NamesHowTheAttemptEnded) {
  using enum engine::StopCause;
  using domain::Reason;
  const auto outcome = [](const engine::Resolution& resolution, engine::StopCause cause = none) {
    const auto end = end_of_span(resolution, cause);
    return std::string(end.outcome) + (end.failed ? "!" + end.error : "");
  };
  EXPECT_EQ(outcome(engine::Done{}), "done");
  EXPECT_EQ(outcome(engine::Done{}, timed_out), "done");
  EXPECT_EQ(outcome(engine::Again{.delay = {}, .error = "e"}), "failed!e");
  EXPECT_EQ(outcome(engine::Again{.delay = {}, .error = "e"}, timed_out), "timeout!e");
  EXPECT_EQ(outcome(engine::Again{.delay = {}, .error = "e", .deferred = true}), "deferred");
  EXPECT_EQ(outcome(engine::Failed{.reason = Reason::exhausted, .error = "e"}), "failed!e");
  EXPECT_EQ(outcome(engine::Failed{.reason = Reason::exhausted, .error = "e"}, timed_out), "timeout!e");
  EXPECT_EQ(outcome(engine::Failed{.reason = Reason::rejected, .error = "e"}), "rejected!e");
  EXPECT_EQ(outcome(engine::Failed{.reason = Reason::interrupted, .error = "e"}), "interrupted!e");
  EXPECT_EQ(outcome(engine::Failed{.reason = Reason::cancelled, .error = "e"}, cancelled), "cancelled");
  EXPECT_EQ(outcome(engine::Interrupted{}, shutdown), "interrupted");
}

}  // namespace jobqd::traces
