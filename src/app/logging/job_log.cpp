#include "app/logging/job_log.hpp"

#include <unistd.h>

namespace jobqd::app {

void JobLog::attempt_settled(const engine::Claim& claim, const engine::Resolution& resolution) {
  const auto log = [&](std::string_view message, std::string_view name, std::string_view value) {
    if (!log_.logs(LogLevel::debug)) return;
    log_.write(LogLevel::debug, message,
               {{"id", claim.id}, {"queue", claim.queue}, {"attempt", claim.attempt}, {name, value}});
  };
  if (std::holds_alternative<engine::Done>(resolution)) {
    ++done_;
    log("job done", "status", "done");
  } else if (const auto* failed = std::get_if<engine::Failed>(&resolution)) {
    ++failed_;
    log("job failed", "error", failed->error);
  } else if (const auto* again = std::get_if<engine::Again>(&resolution)) {
    ++retried_;
    log("attempt failed, will be retried", "error", again->error);
  } else {
    ++interrupted_;
    log("attempt interrupted", "status", "queued");
  }
  ended_.notify_all();
}

void JobLog::attempt_stale(const engine::Claim& claim) {
  log_.write(LogLevel::warn, "an attempt ended after its job was no longer its own",
             {{"id", claim.id}, {"queue", claim.queue}, {"attempt", claim.attempt}});
  ended_.notify_all();
}

void JobLog::lease_expired(const engine::Claim& claim) {
  log_.write(
      LogLevel::warn, "a lease ran out: its worker did not say in time that it lives",
      {{"id", claim.id}, {"queue", claim.queue}, {"attempt", claim.attempt}, {"worker", claim.worker}});
}

void JobLog::store_changed(std::string_view why) {
  if (why.empty())
    log_.write(LogLevel::info, "the store can be written again");
  else
    log_.write(LogLevel::error, "the store cannot be written: nothing is accepted", {{"why", why}});
}

void JobLog::store_lost(std::string_view why) {
  log_.write(LogLevel::error,
             "the store failed and nobody knows what it has written: ending, so that a restart finds out",
             {{"why", why}});
  // At once: whatever an orderly stop would still answer or write could be wrong.
  _exit(1);
}

void JobLog::wait_for_attempt(base::SteadyTime until) {
  std::unique_lock lock(mutex_);
  ended_.wait_until(lock, until);
}

}  // namespace jobqd::app
