#include "stores/embedded/attempts.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <jobqd/base/check.hpp>

namespace jobqd::stores::embedded {

using domain::Error;
using domain::ErrorCode;
using engine::StopCause;

namespace {

/// How many expired leases one call ends before others get a turn.
constexpr int expiry_budget = 1000;

void note_error(History& history, std::string error) {
  if (!history.ending) history.ending = std::make_unique<journal::Ending>();
  history.ending->last_error = std::move(error);
}

/// Since when the running job could have started; epoch: not known, as after a start in an earlier run of
/// the daemon.
base::WallTime ready_at(const Record& record, const domain::Progress& progress, const Jobs::Start& start) {
  if (start.at == base::SteadyTime{}) return {};
  if (const auto run_at = start.earlier_run_at.get(); run_at != base::WallTime{}) return run_at;
  return progress.attempts == 1 ? record.enqueued_at.get() : base::WallTime{};
}

/// Whether the end counts as a failed attempt in the figures of the queue.
bool is_failed_attempt(const engine::Resolution& resolution) {
  if (const auto* again = std::get_if<engine::Again>(&resolution)) return !again->deferred;
  const auto* failed = std::get_if<engine::Failed>(&resolution);
  return failed != nullptr && failed->reason != domain::Reason::cancelled &&
         failed->reason != domain::Reason::interrupted;
}

}  // namespace

Attempts::Attempts(Jobs& jobs, std::uint32_t interruptions_max, base::Random& random,
                   engine::Observer& observer)
    : jobs_(jobs), interruptions_max_(interruptions_max), random_(random), observer_(observer) {}

std::optional<engine::Claim> Attempts::start_next(Effects& effects, std::uint16_t queue_index,
                                                  const std::optional<engine::LeaseTerms>& lease) {
  std::optional<engine::Claim> claim;  // The only one that is returned, so that it is made in its place.
  auto& queue = jobs_.queues[queue_index];
  if (queue.ready.empty()) return claim;
  const auto circuit = queue.gate.breaker().state();
  if (queue.is_shut() || !jobs_.payloads.next_is_here(effects, queue_index)) return claim;
  if (!queue.gate.try_start(effects.now.steady)) {
    effects.wants_tick(queue.gate.next_start());
    return claim;
  }
  report_circuit(effects, observer_, queue, circuit);
  const auto job = jobs_.table.handle(*queue.ready.pop());
  auto& running = running_[++last_token_];
  running.job = job;
  running.stop = std::make_shared<engine::StopSignal>();
  running.simulated = queue.options.processor.simulates;
  running.start = jobs_.start(effects, job, last_token_, lease ? &*lease : nullptr);
  const Record& record = jobs_.table.at(job);
  if (lease) {
    effects.wants_tick(leases_.grant(job, effects.now, *lease));
    queue.remote_workers.begin();
  }
  fill(claim.emplace(), job, record, running);
  if (lease)
    claim->lease = std::make_shared<engine::Lease>(engine::Lease{
        .job = jobs_.describe(record, effects.now.steady), .expires_at = effects.now.wall + lease->duration});
  else
    claim->payload = record.content.payload();
  return claim;
}

engine::Expected<Jobs::Found> Attempts::find(std::string_view id, engine::FencingToken token,
                                             engine::Settler settler) {
  // By the token, because it is among a few, and the id among all jobs.
  if (const auto running = running_.find(token); running != running_.end()) {
    const auto job = running->second.job;
    Record& record = jobs_.table.at(job);
    if (record.content.id() == id && (settler == engine::Settler::own_worker || leases_.contains(job)))
      return Jobs::Found{.handle = job, .record = &record};
  }
  const auto found = jobs_.find(id);
  if (!found) return found;
  return std::unexpected(
      Error{.code = ErrorCode::lease_lost,
            .detail = fmt::format("token {} does not hold job \"{}\", which is {}: the lease ran out, was "
                                  "ended, or never was",
                                  token, id, domain::to_string(found->record->status()))});
}

engine::Resolution Attempts::end(Effects& effects, JobHandle job, engine::Outcome&& outcome) {
  const Record& record = jobs_.table.at(job);
  const auto token = record.history()->token;
  const auto& attempt = running(record);
  const auto facts = facts_of(record, attempt.stop->cause(), attempt.simulated);
  const bool may_wait = !std::holds_alternative<engine::Done>(outcome);
  auto end = domain::end_of_attempt(std::move(outcome), facts, jobs_.queues[record.queue].options.backoff,
                                    may_wait ? random_.fraction() : 0);
  if (leases_.contains(job)) {
    if (!std::holds_alternative<engine::Unstarted>(end.resolution))
      effects.call([this, claim = claim_of(job, record), resolution = end.resolution] {
        observer_.attempt_settled(claim, resolution);
      });
    leases_.end(job);
    jobs_.queues[record.queue].remote_workers.end(effects.now.steady);
  }
  jobs_.queues[record.queue].figures.attempt_ended(engine::attempt_outcome(end.resolution, facts.stop_cause),
                                                   attempt.run_time(record, effects.now));
  apply(effects, job, end);
  running_.erase(token);
  return std::move(end.resolution);
}

std::chrono::nanoseconds Attempts::Running::run_time(const Record& record, base::Now now) const {
  // The steady clock began anew with this process, so a lease of an earlier one is measured on the calendar.
  if (start.at == base::SteadyTime{}) return std::max(now.wall - record.started_at(), base::milliseconds{0});
  return now.steady - start.at;
}

engine::Extension Attempts::extend(Effects& effects, JobHandle job, base::milliseconds duration) {
  Record& record = jobs_.table.at(job);
  const bool changes = leases_.terms(job)->duration != duration;
  effects.wants_tick(leases_.extend(job, effects.now, duration));
  jobs_.queues[record.queue].remote_workers.see(effects.now.steady);
  if (changes) jobs_.keep(effects, record, leases_.terms(job));
  return {.expires_at = effects.now.wall + duration,
          .cancel_requested = record.reason() == domain::Reason::cancelled};
}

void Attempts::cancel(Effects& effects, JobHandle job) {
  jobs_.request_cancel(effects, job, leases_.terms(job));
  effects.stop(running(jobs_.table.at(job)).stop, StopCause::cancelled);
}

void Attempts::time_out(Effects& effects, JobHandle job) {
  Record& record = jobs_.table.at(job);
  record.due = {};
  // Its worker has not heard of it yet.
  if (!record.durable) return jobs_.wait_until(effects, job, effects.now.steady + *record.timeout());
  effects.stop(running(record).stop, StopCause::timed_out);
  if (leases_.contains(job)) end(effects, job, engine::Interrupted{});  // A local worker obeys the signal.
}

bool Attempts::end_expired(Effects& effects) {
  for (int i = 0; i < expiry_budget; ++i) {
    const auto job = leases_.pop_expired(effects.now.steady);
    if (!job) return true;
    if (jobs_.table.at(*job).durable)
      end_lease(effects, *job);
    else  // Its worker has not heard of it yet.
      effects.wants_tick(leases_.extend(*job, effects.now, leases_.terms(*job)->duration));
  }
  return false;
}

engine::AttemptCounts Attempts::counts() const {
  return {.own = running_.size() - leases_.size(), .leased = leases_.size()};
}

void Attempts::stop_own(Effects& effects) {
  for (const auto& [token, running] : running_)
    if (!leases_.contains(running.job)) effects.stop(running.stop, StopCause::shutdown);
}

void Attempts::end_leases(Effects& effects) {
  for (const auto job : leases_.jobs()) end(effects, job, engine::Interrupted{});
}

void Attempts::renew_leases(Effects& effects) {
  leases_.renew_all(effects.now);
  if (const auto next = leases_.next()) effects.wants_tick(*next);
}

void Attempts::end_lease(Effects& effects, JobHandle job) {
  const Record& record = jobs_.table.at(job);
  if (running(record).stop->cause() == StopCause::none)
    effects.call([this, claim = claim_of(job, record)] { observer_.lease_expired(claim); });
  end(effects, job, engine::Interrupted{});
}

bool Attempts::survives_interruption(const Record& record) const {
  return record.reason() != domain::Reason::cancelled &&
         record.progress().interruptions <
             facts_of(record, StopCause::none, record.progress().simulated).interruptions_max;
}

void Attempts::end_interrupted(Effects& effects, JobHandle job) {
  const Record& record = jobs_.table.at(job);
  apply(effects, job,
        domain::end_of_attempt(engine::Interrupted{},
                               facts_of(record, StopCause::none, record.progress().simulated),
                               jobs_.queues[record.queue].options.backoff, 0));
}

void Attempts::restore_lease(Effects& effects, JobHandle job, journal::LeaseRow lease) {
  Record& record = jobs_.table.at(job);
  History& history = record.history(jobs_.table.histories());
  history.token = lease.token;
  auto& running = running_[lease.token];
  running.job = job;
  running.stop = std::make_shared<engine::StopSignal>();
  if (record.reason() == domain::Reason::cancelled) effects.stop(running.stop, StopCause::cancelled);
  if (const auto timeout = record.timeout())
    jobs_.wait_until(effects, job, jobs_.calendar.steady(effects.now, history.started_at.get() + *timeout));
  effects.wants_tick(
      leases_.grant(job, effects.now, {.duration = lease.duration, .worker = std::move(lease.worker)}));
  jobs_.queues[record.queue].remote_workers.begin();
}

engine::Claim Attempts::claim_of(JobHandle job, const Record& record) const {
  engine::Claim claim;
  fill(claim, job, record, running(record));
  return claim;
}

void Attempts::fill(engine::Claim& claim, JobHandle job, const Record& record, const Running& running) const {
  const auto progress = record.progress();
  claim.token = record.history()->token;
  claim.id = record.content.id();
  claim.queue = jobs_.queues[record.queue].options.name;
  claim.attempt = progress.attempts;
  claim.failures = progress.failures;
  claim.max_retries = record.max_retries;
  claim.timeout = record.timeout();
  claim.deferrals = progress.deferrals;
  claim.simulated = running.simulated;
  claim.traceparent = record.content.traceparent();
  claim.started_at = record.started_at();
  claim.ready_at = ready_at(record, progress, running.start);
  claim.stop = running.stop;
  if (const auto* lease = leases_.terms(job)) claim.worker = lease->worker;
}

domain::AttemptFacts Attempts::facts_of(const Record& record, StopCause cause, bool simulated) const {
  const auto& queue = jobs_.queues[record.queue];
  return {.progress = record.progress(),
          .stop_cause = cause,
          .max_retries = record.max_retries,
          .timeout = record.timeout(),
          .interruptions_max = queue.options.interruptions_max.value_or(interruptions_max_),
          .probe_wait = queue.gate.probe_wait(),
          .simulated = simulated};
}

void Attempts::apply(Effects& effects, JobHandle job, const domain::AttemptEnd& end) {
  jobs_.drop_timeout(job);
  Record& record = jobs_.table.at(job);
  learn(effects, record.queue, end);
  History& history = *record.history();  // It has started.
  if (const auto* done = std::get_if<engine::Done>(&end.resolution)) {
    history.ending.reset();
    if (done->result)
      history.ending =
          std::make_unique<journal::Ending>(journal::Ending{.last_error = {}, .result = done->result});
    jobs_.finish(effects, job, end.next);
  } else if (const auto* failed = std::get_if<engine::Failed>(&end.resolution)) {
    note_error(history, failed->error);
    jobs_.finish(effects, job, end.next);
  } else if (const auto* again = std::get_if<engine::Again>(&end.resolution)) {
    note_error(history, again->error);
    jobs_.requeue_after(effects, job, end.next, again->delay);
  } else if (std::holds_alternative<engine::Unstarted>(end.resolution)) {
    jobs_.put_back(effects, job, end.next, running(record).start);
  } else {
    jobs_.requeue(effects, job, end.next);
  }
}

void Attempts::learn(Effects& effects, std::uint16_t queue_index, const domain::AttemptEnd& end) {
  const auto now = effects.now.steady;
  auto& queue = jobs_.queues[queue_index];
  const auto circuit = queue.gate.breaker().state();
  if (std::holds_alternative<engine::Done>(end.resolution)) queue.figures.done.add(now);
  if (is_failed_attempt(end.resolution)) queue.figures.failed.add(now);
  if (const auto* unstarted = std::get_if<engine::Unstarted>(&end.resolution)) {
    queue.gate.start_undone(now);
    if (unstarted->pause.count() > 0) queue.gate.fall_short(unstarted->why, unstarted->pause, now);
  } else if (queue.options.circuit.applies()) {
    queue.gate.learn(end.lesson, now);
    effects.may_start(queue_index);
    effects.wants_tick(queue.gate.next_start());
  }
  report_circuit(effects, observer_, queue, circuit);
}

}  // namespace jobqd::stores::embedded
