#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/engine/claim.hpp>
#include <jobqd/engine/resolution.hpp>
#include <jobqd/traces/exporter.hpp>
#include <jobqd/traces/tracer.hpp>

namespace jobqd::traces {

/// An attempt that has ended, as a collector is told of it.
struct Span {
  AttemptSpan ids;
  std::string queue;
  std::string job;
  std::uint32_t attempt = 1;
  std::optional<base::milliseconds> waited = {};  ///< From when it could have started to its start.
  base::WallTime started_at{};
  base::WallTime ended_at{};
  std::string_view outcome;  ///< done, failed, timeout, deferred, rejected, cancelled, interrupted, stale
  bool failed = false;
  std::string error = {};
};

/// How an attempt ended, in the words of the metrics. Pure.
struct SpanEnd {
  std::string_view outcome;
  bool failed = false;  ///< A deferral, a stop and a client's cancel are no errors.
  std::string error = {};
};
[[nodiscard]] SpanEnd end_of_span(const engine::Resolution& resolution, engine::StopCause cause);

/// What people call the scope and the resource of the spans, as members of a JSON object.
[[nodiscard]] std::string resource_json(const Attributes& resource);

/// The body of one export: an ExportTraceServiceRequest as JSON, as OTLP 1.x defines it. Ids are hex, enums
/// are numbers, 64-bit integers are strings.
/// https://github.com/open-telemetry/opentelemetry-proto/blob/main/docs/specification.md#json-protobuf-encoding
///
/// Times are known to a millisecond. The end is rounded up, so that the spans of the work lie inside.
[[nodiscard]] std::string to_json(std::span<const std::unique_ptr<Span>> spans, std::string_view resource);

}  // namespace jobqd::traces
