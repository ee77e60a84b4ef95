#include <jobqd/engine/retry_processor.hpp>

#include <exception>
#include <utility>

#include "engine/settle.hpp"

namespace jobqd::engine {

RetryProcessor::RetryProcessor(Store& store, Processor& processor, domain::RetryPolicy policy,
                               base::Random& random, Observer& observer)
    : store_(store),
      processor_(processor),
      policy_(std::move(policy)),
      random_(random),
      observer_(observer) {}

void RetryProcessor::run(const Claim& claim) {
  observer_.attempt_started(claim);
  settle_and_tell(store_, observer_, claim, resolve(attempt(claim), claim, policy(), random_.fraction()));
}

void RetryProcessor::set_policy(domain::RetryPolicy policy) {
  const std::scoped_lock lock(mutex_);
  policy_ = std::move(policy);
}

domain::RetryPolicy RetryProcessor::policy() const {
  const std::scoped_lock lock(mutex_);
  return policy_;
}

Outcome RetryProcessor::attempt(const Claim& claim) const {
  try {
    return processor_.process(claim, claim.stop->token());
  } catch (const std::exception& error) {
    return Retry{.error = error.what()};
  } catch (...) {
    return Retry{.error = "the processor threw something that is not a std::exception"};
  }
}

}  // namespace jobqd::engine
