#pragma once

#include <mutex>

#include <jobqd/base/random.hpp>
#include <jobqd/domain/retry_policy.hpp>
#include <jobqd/engine/observer.hpp>
#include <jobqd/engine/processor.hpp>
#include <jobqd/engine/store.hpp>

namespace jobqd::engine {

/// Runs one attempt and settles it: done, again after a jittered exponential backoff, or failed.
/// Thread-safe as far as the processor and the observer are. Holds references only.
class RetryProcessor {
 public:
  RetryProcessor(Store& store, Processor& processor, domain::RetryPolicy policy, base::Random& random,
                 Observer& observer);

  /// Attempts that end from now on go by this policy. Any thread.
  void set_policy(domain::RetryPolicy policy);

  /// Returns when the attempt is over and the store knows. Never throws.
  void run(const Claim& claim);

 private:
  [[nodiscard]] Outcome attempt(const Claim& claim) const;
  [[nodiscard]] domain::RetryPolicy policy() const;

  Store& store_;
  Processor& processor_;
  mutable std::mutex mutex_;
  domain::RetryPolicy policy_;
  base::Random& random_;
  Observer& observer_;
};

}  // namespace jobqd::engine
