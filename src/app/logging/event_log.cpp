#include "app/logging/event_log.hpp"

#include <algorithm>

#include "app/logging/trace_fields.hpp"

namespace jobqd::app {

void EventLog::attempt_started(const engine::Claim& claim) {
  if (!claim.simulated || warned_of_simulation_.load(std::memory_order_relaxed)) return;
  if (warned_of_simulation_.exchange(true, std::memory_order_relaxed)) return;
  log_.write_admin(
      LogLevel::warn, "this queue only simulates its jobs: no work is done",
      {{"queue", claim.queue},
       {"for_real_work", "give it a processor in the CONFIG file, see docs/operations.md#queues"}});
}

void EventLog::attempt_settled(const engine::Claim& claim, const engine::Resolution& resolution) {
  note_shortage(claim, resolution);
  if (!log_.logs(LogLevel::debug) || std::holds_alternative<engine::Failed>(resolution)) return;
  const auto log = [&](std::string_view message, std::string_view name, std::string_view value) {
    const auto trace = trace_fields(tracer_, claim);
    log_.write(LogLevel::debug, message,
               {{"id", claim.id},
                {"queue", claim.queue},
                {"attempt", claim.attempt},
                {name, value},
                trace.trace_id,
                trace.span_id});
  };
  if (std::holds_alternative<engine::Done>(resolution))
    log("job done", "status", "done");
  else if (const auto* again = std::get_if<engine::Again>(&resolution))
    log("attempt failed, will be retried", "error", again->error);
  else if (const auto* unstarted = std::get_if<engine::Unstarted>(&resolution))
    log("attempt could not start, its job is queued again", "error", unstarted->why);
  else
    log("attempt interrupted", "status", "queued");
}

void EventLog::note_shortage(const engine::Claim& claim, const engine::Resolution& resolution) {
  const auto* unstarted = std::get_if<engine::Unstarted>(&resolution);
  // Without a pause it was a worker that left, and nothing was short.
  if (unstarted != nullptr ? unstarted->pause.count() == 0 : !any_shortage_.load(std::memory_order_relaxed))
    return;
  const base::MutexLock lock(mutex_);
  if (unstarted != nullptr) {
    auto& shortage = shortages_[claim.queue];
    shortage.last_token = std::max(shortage.last_token, claim.token);
    if (++shortage.attempts > 1) return;
    any_shortage_.store(true, std::memory_order_relaxed);
    log_.write_admin(LogLevel::warn, "attempts cannot start: their jobs wait",
                     {{"queue", claim.queue}, {"why", unstarted->why}});
  } else if (const auto found = shortages_.find(claim.queue);
             found != shortages_.end() && claim.token > found->second.last_token) {
    log_.write_admin(LogLevel::info, "attempts can start again",
                     {{"queue", claim.queue}, {"not_started", found->second.attempts}});
    shortages_.erase(found);
    any_shortage_.store(!shortages_.empty(), std::memory_order_relaxed);
  }
}

void EventLog::attempt_stale(const engine::Claim& claim) {
  const auto trace = trace_fields(tracer_, claim);
  log_.write(
      LogLevel::warn, "an attempt ended after its job was no longer its own",
      {{"id", claim.id}, {"queue", claim.queue}, {"attempt", claim.attempt}, trace.trace_id, trace.span_id});
}

void EventLog::lease_expired(const engine::Claim& claim) {
  const auto trace = trace_fields(tracer_, claim);
  log_.write(LogLevel::warn, "a lease ran out: its worker did not say in time that it lives",
             {{"id", claim.id},
              {"queue", claim.queue},
              {"attempt", claim.attempt},
              {"worker", claim.worker},
              trace.trace_id,
              trace.span_id});
}

void EventLog::circuit_changed(std::string_view queue, domain::CircuitState from, domain::CircuitState to) {
  if (to == domain::CircuitState::closed)
    log_.write(LogLevel::info, "circuit closed: the queue starts jobs again", {{"queue", queue}});
  else if (from == domain::CircuitState::closed)
    log_.write(LogLevel::info, "circuit opened: the queue starts no jobs for now", {{"queue", queue}});
  else
    log_.write(LogLevel::debug, "circuit probed", {{"queue", queue}, {"state", domain::to_string(to)}});
}

void EventLog::store_changed(std::string_view why) {
  if (why.empty())
    log_.write_admin(LogLevel::info, "the store can be written again");
  else
    log_.write_admin(LogLevel::error, "the store cannot be written: nothing is accepted", {{"why", why}});
}

void EventLog::store_lost(std::string_view why) {
  log_.write_admin(
      LogLevel::error,
      "the store failed and nobody knows what it has written: ending, so that a restart finds out",
      {{"why", why}});
}

void EventLog::payloads_changed(std::string_view why) {
  if (why.empty())
    log_.write_admin(LogLevel::info, "payloads on disk can be read again");
  else
    log_.write_admin(LogLevel::error, "payloads on disk cannot be read: their jobs wait", {{"why", why}});
}

void EventLog::job_set_aside(std::string_view job) {
  log_.write_admin(LogLevel::error, "a damaged job is set aside and will not run", {{"job", job}});
}

void EventLog::queue_changed(std::string_view queue, std::string_view why) {
  if (why.empty())
    log_.write_admin(LogLevel::info, "the queue works again", {{"queue", queue}});
  else
    log_.write_admin(LogLevel::warn, "the queue does not work: its jobs wait",
                     {{"queue", queue}, {"why", why}});
}

void EventLog::configuration_changed(std::string_view changed, std::string_view needs_a_restart) {
  const auto names = [](std::string_view list) { return list.empty() ? "nothing" : list; };
  log_.write_admin(needs_a_restart.empty() ? LogLevel::info : LogLevel::warn, "configuration read again",
                   {{"changed", names(changed)}, {"needs_a_restart", names(needs_a_restart)}});
}

void EventLog::configuration_refused(std::string_view why) {
  log_.write_admin(LogLevel::error, "the configuration stays as it was", {{"why", why}});
}

}  // namespace jobqd::app
