#pragma once

#include <optional>
#include <stop_token>
#include <vector>

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

  /// What follows an attempt.
  struct Next {
    bool asked = false;               ///< For another job; not if a stop was requested.
    std::optional<Claim> claim = {};  ///< If one was ready. Otherwise `claimed` gets the answer.
  };

  /// Returns when the attempt is over and the store has recorded its end. In the same visit to the store it
  /// asks for the next job, unless a stop is requested by then. Never throws.
  Next run(const Claim& claim, const std::stop_token& stop, ClaimRequest request,
           Callback<std::vector<Claim>> claimed);

 private:
  [[nodiscard]] Outcome attempt(const Claim& claim) const;
  /// Reports the end of the attempt. The claim outlives the callback.
  [[nodiscard]] Callback<Resolution> report(const Claim& claim) const;

  Claims& claims_;
  Processor& processor_;
  Observer& observer_;
};

}  // namespace jobqd::engine
