#include <jobqd/engine/resolution.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <jobqd/domain/limits.hpp>

namespace jobqd::engine {

namespace {

/// Cut to limits::error_bytes, between characters.
std::string bounded(std::string error) {
  if (error.size() <= domain::limits::error_bytes) return error;
  auto end = domain::limits::error_bytes;
  const auto continues_character = [&](std::size_t i) {
    return (static_cast<unsigned char>(error[i]) & 0xC0U) == 0x80U;
  };
  while (end > 0 && continues_character(end)) --end;
  error.resize(end);
  return error;
}

Resolution after_failure(Retry retry, const Claim& claim, const domain::RetryPolicy& policy,
                         double fraction) {
  const auto failures = claim.failures + 1;
  if (failures > claim.max_retries)
    return Failed{.reason = domain::Reason::exhausted, .error = bounded(std::move(retry.error))};
  return Again{.delay = retry.after.value_or(policy.delay(failures, fraction)),
               .error = bounded(std::move(retry.error))};
}

}  // namespace

Resolution resolve(Outcome outcome, const Claim& claim, const domain::RetryPolicy& policy, double fraction) {
  if (auto* done = std::get_if<Done>(&outcome)) return std::move(*done);
  // A client's cancel beats whatever else the attempt says, unless the work was done.
  if (claim.stop->cause() == StopCause::cancelled)
    return Failed{.reason = domain::Reason::cancelled, .error = "cancelled while running"};
  if (auto* fail = std::get_if<Fail>(&outcome))
    return Failed{.reason = domain::Reason::rejected, .error = bounded(std::move(fail->error))};
  if (auto* defer = std::get_if<Defer>(&outcome)) {
    if (claim.deferrals < domain::limits::deferrals)
      return Again{.delay = std::max(defer->after, policy.delay(claim.deferrals + 1U, fraction)),
                   .error = bounded(std::move(defer->error)),
                   .deferred = true};
    outcome = Retry{.error = std::move(defer->error), .after = defer->after};
  }
  if (auto* retry = std::get_if<Retry>(&outcome))
    return after_failure(std::move(*retry), claim, policy, fraction);
  if (claim.stop->cause() == StopCause::timed_out) {
    const auto limit = claim.timeout.value_or(base::milliseconds{0}).count();
    return after_failure(Retry{.error = fmt::format("timed out after {} ms", limit)}, claim, policy,
                         fraction);
  }
  return Interrupted{};
}

}  // namespace jobqd::engine
