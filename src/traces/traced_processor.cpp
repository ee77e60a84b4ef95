#include <jobqd/traces/traced_processor.hpp>

#include <utility>

namespace jobqd::traces {

TracedProcessor::TracedProcessor(std::unique_ptr<engine::Processor> processor, Tracer tracer)
    : processor_(std::move(processor)), tracer_(tracer) {}

engine::Outcome TracedProcessor::process(const engine::Claim& claim, std::stop_token stop) {
  const auto span = tracer_.span_of(claim);
  if (!span) return processor_->process(claim, std::move(stop));
  auto traced = claim;
  traced.traceparent = to_traceparent(span->own);
  return processor_->process(traced, std::move(stop));
}

}  // namespace jobqd::traces
