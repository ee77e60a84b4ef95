#pragma once

#include <jobqd/engine/claims.hpp>
#include <jobqd/engine/observer.hpp>
#include <jobqd/engine/processor.hpp>

namespace jobqd::engine {

/// Runs one attempt and settles it: done, queued again after a jittered exponential backoff, or failed. The
/// store decides by domain::end_of_attempt(), with the retry policy of the queue.
///
/// Thread-safe as far as the processor and the observer are. Holds references only.
class RetryProcessor {
 public:
  RetryProcessor(Claims& claims, Processor& processor, Observer& observer);

  /// Returns when the attempt is over and the store has recorded its end. Never throws.
  void run(const Claim& claim);

 private:
  [[nodiscard]] Outcome attempt(const Claim& claim) const;

  Claims& claims_;
  Processor& processor_;
  Observer& observer_;
};

}  // namespace jobqd::engine
