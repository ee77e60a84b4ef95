#include <jobqd/engine/queue_counts.hpp>

#include <numeric>

namespace jobqd::engine {

std::string_view to_string(AttemptOutcome outcome) {
  static constexpr std::array<std::string_view, attempt_outcome_count> names{
      "done", "failed", "deferred", "rejected", "timeout", "interrupted", "cancelled", "unstarted"};
  return names.at(static_cast<std::size_t>(outcome));
}

AttemptOutcome attempt_outcome(const Resolution& resolution, StopCause cause) {
  using enum AttemptOutcome;
  const auto failure = cause == StopCause::timed_out ? timeout : failed;
  if (std::holds_alternative<Done>(resolution)) return done;
  if (std::holds_alternative<Interrupted>(resolution)) return interrupted;
  if (std::holds_alternative<Unstarted>(resolution)) return unstarted;
  if (const auto* again = std::get_if<Again>(&resolution)) return again->deferred ? deferred : failure;
  switch (std::get<Failed>(resolution).reason) {
    case domain::Reason::rejected:
      return rejected;
    case domain::Reason::cancelled:
      return cancelled;
    case domain::Reason::interrupted:
      return interrupted;
    default:
      return failure;
  }
}

std::uint64_t QueueTotals::ended(AttemptOutcome outcome) const {
  if (outcome != AttemptOutcome::done) return not_done.at(static_cast<std::size_t>(outcome));
  // All others of those that did begin.
  return ran.total() + ended(AttemptOutcome::unstarted) -
         std::accumulate(not_done.begin(), not_done.end(), std::uint64_t{0});
}

std::uint64_t QueueTotals::started(std::uint64_t running) const {
  return ran.total() + ended(AttemptOutcome::unstarted) + running;
}

}  // namespace jobqd::engine
