#include "app/logging/failure_log.hpp"

#include <utility>

#include "app/logging/trace_fields.hpp"

namespace jobqd::app {

namespace {

constexpr std::chrono::seconds window{1};

}  // namespace

void FailureLog::attempt_settled(const engine::Claim& claim, const engine::Resolution& resolution) {
  const auto* failed = std::get_if<engine::Failed>(&resolution);
  if (failed == nullptr) return;
  const bool cancelled = failed->reason == domain::Reason::cancelled;
  const auto level = !cancelled && count(claim.queue) ? LogLevel::info : LogLevel::debug;
  if (!log_.logs(level)) return;
  const auto trace = trace_fields(tracer_, claim);
  log_.write(level, "job failed",
             {{"id", claim.id},
              {"queue", claim.queue},
              {"attempt", claim.attempt},
              {"error", failed->error},
              {"reason", domain::to_string(failed->reason)},
              trace.trace_id,
              trace.span_id});
}

bool FailureLog::count(const std::string& queue) {
  const auto now = clock_.now().steady;
  const base::MutexLock lock(mutex_);
  auto& second = seconds_[queue];
  if (now - second.begun >= window) {
    log_left_out(queue, second);
    second = {.begun = now};
  }
  return ++second.failures <= most_a_second;
}

std::optional<base::SteadyTime> FailureLog::run(base::Now now) {
  const base::MutexLock lock(mutex_);
  std::erase_if(seconds_, [&](const auto& entry) {
    const bool over = now.steady - entry.second.begun >= window;
    if (over) log_left_out(entry.first, entry.second);
    return over;
  });
  return now.steady + window;
}

/// At debug none was left out.
void FailureLog::log_left_out(const std::string& queue, const Second& second) {
  if (second.failures <= most_a_second || log_.logs(LogLevel::debug)) return;
  log_.write(LogLevel::info, "more jobs failed",
             {{"queue", queue}, {"jobs", second.failures - most_a_second}});
}

}  // namespace jobqd::app
