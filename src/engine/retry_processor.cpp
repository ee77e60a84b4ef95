#include <jobqd/engine/retry_processor.hpp>

#include <exception>

namespace jobqd::engine {

RetryProcessor::RetryProcessor(Claims& claims, Processor& processor, Observer& observer)
    : claims_(claims), processor_(processor), observer_(observer) {}

void RetryProcessor::run(const Claim& claim) {
  observer_.attempt_started(claim);
  claims_.settle(claim.id, claim.token, attempt(claim), Settler::own_worker,
                 [&](const Expected<Resolution>& resolution) {
                   if (resolution)
                     observer_.attempt_settled(claim, *resolution);
                   else
                     observer_.attempt_stale(claim);
                 });
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
