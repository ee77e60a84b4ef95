#pragma once

#include <jobqd/engine/claim.hpp>
#include <jobqd/traces/tracer.hpp>

#include "app/logging/log.hpp"

namespace jobqd::app {

/// Where a line about an attempt belongs in a trace. Fields without a name are for what there is none of.
struct TraceFields {
  LogField trace_id;
  LogField span_id;
};

/// The span of the attempt, or, where it has none, only the trace that the job came with.
[[nodiscard]] inline TraceFields trace_fields(const traces::Tracer& tracer, const engine::Claim& claim) {
  if (const auto span = tracer.span_of(claim))
    return {.trace_id = {"trace_id", span->own.trace_id()}, .span_id = {"span_id", span->own.span_id()}};
  if (const auto carried = traces::read_traceparent(claim.traceparent))
    return {.trace_id = {"trace_id", carried->trace_id()}, .span_id = {"", ""}};
  return {.trace_id = {"", ""}, .span_id = {"", ""}};
}

}  // namespace jobqd::app
