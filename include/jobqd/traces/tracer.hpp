#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <jobqd/engine/claim.hpp>

namespace jobqd::traces {

/// A place in a trace: the digits of its ids, in lower-case hex.
struct SpanIds {
  std::array<char, 32> trace{};
  std::array<char, 16> span{};

  [[nodiscard]] std::string_view trace_id() const { return {trace.data(), trace.size()}; }
  [[nodiscard]] std::string_view span_id() const { return {span.data(), span.size()}; }
  bool operator==(const SpanIds&) const = default;
};

/// The place of a `traceparent` of W3C Trace Context; empty where the text is none.
[[nodiscard]] std::optional<SpanIds> read_traceparent(std::string_view text);

/// The `traceparent` of a place that is sampled.
[[nodiscard]] std::string to_traceparent(const SpanIds& ids);

/// The flag `sampled` of a text that is a `traceparent`.
[[nodiscard]] inline bool is_sampled(std::string_view traceparent) {
  const char last = traceparent.back();  // A digit in lower-case hex.
  return ((last <= '9' ? last - '0' : last - 'a' + 10) & 1) != 0;
}

/// The span of one attempt.
struct AttemptSpan {
  SpanIds own;
  std::optional<SpanIds> enqueue = {};  ///< The span that enqueued the job, if there was one.
  bool is_root = false;                 ///< Begins a trace, and is linked to `enqueue`; else its child.
};

/// Decides which attempts have a span, and names it.
///
/// A pure function of the claim: all who ask about an attempt get the same answer, without a table of the
/// attempts under way, and for a lease even after a restart. The ids are hashes of what no two attempts
/// share: job, fencing token, start and trace. Cheap to copy; thread-safe.
class Tracer {
 public:
  /// Traces nothing.
  Tracer() = default;

  /// `ratio`, from 0 to 1: the share of traces among the attempts of jobs that came without one. Jobs that
  /// came with one are traced where its flag `sampled` is set, and only there.
  explicit Tracer(double ratio);

  [[nodiscard]] bool traces() const { return traces_; }

  /// false: the attempt has no span. Much cheaper than span_of(), which decides the rest.
  [[nodiscard]] bool may_have_span(const engine::Claim& claim) const {
    if (!traces_) return false;
    return claim.traceparent.empty() ? bound_ > 0 : is_sampled(claim.traceparent);
  }

  /// The first attempt continues the trace of the request that enqueued the job. Later ones begin a trace of
  /// their own: a job that is tried again hours later must not stretch that of the request.
  [[nodiscard]] std::optional<AttemptSpan> span_of(const engine::Claim& claim) const;

  /// The `traceparent` under which the work of the attempt goes on: of its own span, or, where it has none,
  /// what the job came with, which may be nothing.
  [[nodiscard]] std::string traceparent_of(const engine::Claim& claim) const;

 private:
  bool traces_ = false;
  std::uint64_t bound_ = 0;  ///< Traces of which the lower 63 bits are less than this are sampled.
};

}  // namespace jobqd::traces
