#pragma once

#include <memory>
#include <stop_token>

#include <jobqd/engine/processor.hpp>
#include <jobqd/traces/tracer.hpp>

namespace jobqd::traces {

/// Hands each claim to another processor with the `traceparent` of the attempt itself, so that the work nests
/// below its span. A claim of an attempt without a span passes as it is, without a copy.
///
/// Thread-safe as far as the other one is, which it owns.
class TracedProcessor final : public engine::Processor {
 public:
  TracedProcessor(std::unique_ptr<engine::Processor> processor, Tracer tracer);

  [[nodiscard]] engine::Outcome process(const engine::Claim& claim, std::stop_token stop) override;
  [[nodiscard]] std::shared_ptr<engine::Files> files() override { return processor_->files(); }

 private:
  const std::unique_ptr<engine::Processor> processor_;
  const Tracer tracer_;
};

}  // namespace jobqd::traces
