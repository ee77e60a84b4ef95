#pragma once

#include <stop_token>

#include <jobqd/engine/claim.hpp>
#include <jobqd/engine/resolution.hpp>

namespace jobqd::engine {

/// Does the work of one queue.
class Processor {
 public:
  virtual ~Processor() = default;

  /// Runs one attempt and returns its outcome. Called by many workers at once. Returns soon after `stop` is
  /// requested, with Interrupted unless the work was finished anyway. An exception counts as Retry with
  /// the exception's message.
  [[nodiscard]] virtual Outcome process(const Claim& claim, std::stop_token stop) = 0;
};

}  // namespace jobqd::engine
