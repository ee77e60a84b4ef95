#include <jobqd/engine/retry_processor.hpp>

#include <exception>
#include <utility>

namespace jobqd::engine {

RetryProcessor::RetryProcessor(Claims& claims, Processor& processor, Observer& observer)
    : claims_(claims), processor_(processor), observer_(observer) {}

auto RetryProcessor::run(const Claim& claim, const std::stop_token& stop, ClaimRequest request,
                         Callback<std::vector<Claim>> claimed) -> Next {
  auto outcome = attempt(claim);
  if (stop.stop_requested()) {
    claims_.settle(claim.id, claim.token, std::move(outcome), Settler::own_worker, report(claim));
    return {};
  }
  return {.asked = true,
          .claim = claims_.settle_and_claim(claim.id, claim.token, std::move(outcome), report(claim),
                                            std::move(request), std::move(claimed))};
}

Outcome RetryProcessor::attempt(const Claim& claim) const {
  observer_.attempt_started(claim);
  try {
    return processor_.process(claim, claim.stop->token());
  } catch (const std::exception& error) {
    return Retry{.error = error.what()};
  } catch (...) {
    return Retry{.error = "the processor threw something that is not a std::exception"};
  }
}

Callback<Resolution> RetryProcessor::report(const Claim& claim) const {
  return [this, &claim](const Expected<Resolution>& resolution) {
    if (resolution)
      observer_.attempt_settled(claim, *resolution);
    else
      observer_.attempt_stale(claim);
  };
}

}  // namespace jobqd::engine
