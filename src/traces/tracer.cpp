#include <jobqd/traces/tracer.hpp>

#include <algorithm>
#include <span>

#include <fmt/format.h>
#include <xxhash.h>

namespace jobqd::traces {

namespace {

// version "-" trace-id "-" parent-id "-" flags
constexpr std::size_t text_size = 55;
constexpr std::size_t trace_at = 3;
constexpr std::size_t span_at = 36;
constexpr double two_to_63 = 9'223'372'036'854'775'808.0;

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/// Writes all 16 digits.
void write_hex(std::uint64_t number, std::span<char, 16> digits) {
  constexpr std::string_view letters = "0123456789abcdef";
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, number >>= 4U)
    *digit = letters[number & 0xFU];
}

/// An id of only zeros is none (W3C Trace Context).
std::uint64_t not_zero(std::uint64_t id) {
  return id == 0 ? 1 : id;
}

}  // namespace

std::optional<SpanIds> read_traceparent(std::string_view text) {
  if (text.size() != text_size) return std::nullopt;
  SpanIds ids;
  text.copy(ids.trace.data(), ids.trace.size(), trace_at);
  text.copy(ids.span.data(), ids.span.size(), span_at);
  if (!std::ranges::all_of(ids.trace, is_hex) || !std::ranges::all_of(ids.span, is_hex) ||
      !is_hex(text.back()))
    return std::nullopt;
  return ids;
}

std::string to_traceparent(const SpanIds& ids) {
  return fmt::format("00-{}-{}-01", ids.trace_id(), ids.span_id());
}

Tracer::Tracer(double ratio) : traces_(true), bound_(static_cast<std::uint64_t>(ratio * two_to_63)) {}

std::optional<AttemptSpan> Tracer::span_of(const engine::Claim& claim) const {
  if (!may_have_span(claim)) return std::nullopt;
  const std::string_view carried = claim.traceparent;
  AttemptSpan span{.own = {}, .enqueue = read_traceparent(carried)};
  if (!carried.empty() && !span.enqueue) return std::nullopt;
  span.is_root = !span.enqueue || claim.attempt > 1;

  const auto started = static_cast<std::uint64_t>(claim.started_at.time_since_epoch().count());
  const auto seed = XXH3_64bits_withSeed(carried.data(), carried.size(), claim.token) + started;
  const auto trace = XXH3_128bits_withSeed(claim.id.data(), claim.id.size(), seed);
  if (!span.enqueue && (trace.low64 >> 1U) >= bound_) return std::nullopt;
  const auto id = XXH3_64bits_withSeed(claim.id.data(), claim.id.size(), ~seed);
  write_hex(not_zero(id), span.own.span);
  if (!span.is_root) {
    span.own.trace = span.enqueue->trace;
    return span;
  }
  const std::span digits(span.own.trace);
  write_hex(not_zero(trace.high64), digits.first<16>());
  write_hex(trace.low64, digits.last<16>());
  return span;
}

std::string Tracer::traceparent_of(const engine::Claim& claim) const {
  const auto span = span_of(claim);
  return span ? to_traceparent(span->own) : claim.traceparent;
}

}  // namespace jobqd::traces
