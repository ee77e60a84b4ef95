#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include <jobqd/domain/job.hpp>
#include <jobqd/domain/retry_policy.hpp>
#include <jobqd/engine/processor.hpp>

namespace jobqd::engine {

/// Queued again, not before `delay` has passed.
struct Again {
  base::milliseconds delay;
  std::string error;
  bool deferred = false;  ///< No failure: it was asked to come again later.
};

/// Failed for good. `reason` is exhausted, rejected or cancelled.
struct Failed {
  domain::Reason reason;
  std::string error;
};

/// What the store is told to make of an attempt.
using Resolution = std::variant<Done, Again, Failed, Interrupted>;

/// Turns what a processor said into what happens to the job: pure, the whole retry rule in one place.
/// `fraction` in [0, 1) is the jitter. `max_retries` N allows N + 1 failed attempts.
[[nodiscard]] Resolution resolve(Outcome outcome, const Claim& claim, const domain::RetryPolicy& policy,
                                 double fraction);

}  // namespace jobqd::engine
