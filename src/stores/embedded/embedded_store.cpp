#include "stores/embedded/embedded_store.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include <jobqd/base/last_words.hpp>
#include <jobqd/domain/kept_text.hpp>

namespace jobqd::stores::embedded {

using domain::Error;
using domain::Status;

namespace {

/// How many due jobs one tick() handles before other work gets a turn.
constexpr int due_budget = 1000;

}  // namespace

EmbeddedStore::EmbeddedStore(const EmbeddedOptions& options, Surroundings around,
                             std::unique_ptr<journal::Journal> journal)
    : around_(std::move(around)),
      jobs_(options, *journal),
      attempts_(jobs_, options.interruptions_max, around_.random, around_.observer),
      journal_(std::move(journal)) {
  const base::MutexLock lock(mutex_);
  journal_->set_caught_up([this] { go_on(); });
  jobs_.payloads.set_ask([this](Payloads::Asked asked) { read_back(std::move(asked), [](const auto&) {}); });
}

EmbeddedStore::~EmbeddedStore() = default;

EmbeddedStore::Turn::Turn(EmbeddedStore& store, base::Now now)
    : store_(store), exceptions_(std::uncaught_exceptions()), effects(now) {
  store_.mutex_.lock();
}

// The analysis cannot see that this object holds the mutex that serve_waiting() requires.
EmbeddedStore::Turn::~Turn() JOBQD_NO_THREAD_SAFETY_ANALYSIS {
  // Something threw in the middle of a change: job table, queues and journal may disagree. The file has
  // nothing that is half made.
  if (std::uncaught_exceptions() > exceptions_)
    base::end_process(
        "jobqd: out of memory in the middle of a change; ending, because what is half made cannot be "
        "trusted\n");
  store_.serve_waiting(effects);
  const bool earlier = effects.tick_at() < store_.next_tick_;
  if (earlier) store_.next_tick_ = effects.tick_at();
  store_.mutex_.unlock();
  if (effects.flushes()) store_.journal_->flush();
  if (earlier) store_.around_.due_changed();
  effects.carry_out();
}

bool EmbeddedStore::claim(engine::ClaimRequest request, engine::Callback<std::vector<engine::Claim>> done) {
  ClaimResult result;
  {
    Turn turn(*this);
    result = claim(turn.effects, request, done);
  }
  if (result.answer) done(*std::move(result.answer));
  return result.waits;
}

EmbeddedStore::ClaimResult EmbeddedStore::claim(Effects& effects, engine::ClaimRequest& request,
                                                engine::Callback<std::vector<engine::Claim>>& done) {
  const auto queue = jobs_.queues.find(request.queue);
  if (!queue) return {.answer = std::unexpected(no_such_queue(request.queue))};
  auto& remote_workers = jobs_.queues[*queue].remote_workers;
  if (request.lease) {
    if (!jobs_.queues[*queue].options.remote) return {.answer = std::unexpected(not_leased(request.queue))};
    if (auto why = trouble(); !why.empty()) return {.answer = std::unexpected(unavailable(std::move(why)))};
    remote_workers.see(effects.now.steady);
  }
  // Earlier claims are served first: while one waits, no job is available.
  auto claims = starts_jobs() && !waiting_.any(*queue)
                    ? grant(effects, *queue, request.max_jobs, request.max_bytes.now, request.lease)
                    : std::vector<engine::Claim>{};
  if (claims.empty() && claiming_) {
    if (request.lease) remote_workers.begin();
    waiting_.add({.queue = *queue,
                  .wait_id = request.wait_id,
                  .max_jobs = request.max_jobs,
                  .max_bytes = request.max_bytes.after_wait,
                  .lease = std::move(request.lease),
                  .done = std::move(done)});
    return {.waits = true};
  }
  if (claims.empty() || !request.lease) return {.answer = std::move(claims)};
  hand_out(effects, std::move(claims), std::move(done));
  return {};
}

bool EmbeddedStore::withdraw(engine::WaitId wait_id) {
  std::optional<WaitingClaim> withdrawn;  // Destroyed without the lock: its destructor may call the store.
  const base::MutexLock lock(mutex_);
  withdrawn = waiting_.withdraw(wait_id);
  if (withdrawn && withdrawn->lease) jobs_.queues.end_wait(*withdrawn, around_.clock.now().steady);
  return withdrawn.has_value();
}

std::vector<engine::Claim> EmbeddedStore::grant(Effects& effects, std::uint16_t queue, std::size_t max_jobs,
                                                std::size_t max_bytes,
                                                const std::optional<engine::LeaseTerms>& lease) {
  std::vector<engine::Claim> claims;
  std::size_t bytes = 0;
  const auto has_room = [&]() JOBQD_REQUIRES(mutex_) {
    if (max_bytes == engine::ClaimBytes::unlimited) return true;
    const auto next = jobs_.queues[queue].ready.next();
    bytes += next ? jobs_.table.at(jobs_.table.handle(*next)).json_bytes() : 0;
    return claims.empty() || bytes <= max_bytes;
  };
  while (claims.size() < max_jobs && has_room()) {
    auto claim = attempts_.start_next(effects, queue, lease);
    if (!claim) break;
    claims.push_back(*std::move(claim));
  }
  return claims;
}

void EmbeddedStore::hand_out(Effects& effects, std::vector<engine::Claim> claims,
                             engine::Callback<std::vector<engine::Claim>> done, bool is_durable) {
  if (claims.empty() || !claims.front().lease)
    return effects.call(
        [claims = std::move(claims), done = std::move(done)]() mutable { done(std::move(claims)); });
  auto answer = [this, claims = std::move(claims),
                 done = std::move(done)](std::expected<void, Error> durable) mutable {
    if (durable) {
      for (const auto& claim : claims) around_.observer.attempt_started(claim);
      return done(std::move(claims));
    }
    for (const auto& claim : claims)
      settle(claim.id, claim.token, engine::Unstarted{.why = "its lease could not be written"},
             engine::Settler::own_worker, [](const auto&) {});
    done(std::unexpected(std::move(durable.error())));
  };
  if (is_durable) return effects.call([answer = std::move(answer)]() mutable { answer({}); });
  journal_->when_durable(std::move(answer));
  effects.flush();
}

void EmbeddedStore::go_on() {
  Turn turn(*this);
  for (const auto queue : waiting_.queues()) turn.effects.may_start(queue);
  if (!sweeps_.empty()) turn.effects.wants_tick(turn.effects.now.steady);
}

void EmbeddedStore::serve_waiting(Effects& effects) {
  if (waiting_.empty() || !starts_jobs()) return;
  for (const auto queue : effects.queues())
    waiting_.serve(queue, [&](WaitingClaim& waiting) {
      mutex_.assert_held();
      auto claims = grant(effects, queue, waiting.max_jobs, waiting.max_bytes, waiting.lease);
      if (claims.empty()) return false;
      jobs_.queues.end_wait(waiting, effects.now.steady);
      hand_out(effects, std::move(claims), std::move(waiting.done));
      return true;
    });
}

void EmbeddedStore::settle(std::string_view id, engine::FencingToken token, engine::Outcome outcome,
                           engine::Settler settler, engine::Callback<engine::Resolution> done) {
  outcome = domain::kept(std::move(outcome));  // Outside of the lock, because it may read JSON.
  engine::Expected<engine::Resolution> resolution;
  {
    Turn turn(*this);
    resolution = settle(turn.effects, id, token, std::move(outcome), settler);
    if (resolution && settler == engine::Settler::remote_worker)
      return answer_when_durable(turn.effects, *journal_, *std::move(resolution), std::move(done));
  }
  done(std::move(resolution));
}

std::optional<engine::Claim> EmbeddedStore::settle_and_claim(
    std::string_view id, engine::FencingToken token, engine::Outcome outcome,
    engine::Callback<engine::Resolution> settled, engine::ClaimRequest request,
    engine::Callback<std::vector<engine::Claim>> claimed) {
  outcome = domain::kept(std::move(outcome));
  engine::Expected<engine::Resolution> resolution;
  std::optional<engine::Claim> next;
  ClaimResult result;
  {
    Turn turn(*this);
    resolution = settle(turn.effects, id, token, std::move(outcome), engine::Settler::own_worker);
    next = claim_ready(turn.effects, request.queue);
    if (!next) result = claim(turn.effects, request, claimed);
  }
  settled(std::move(resolution));
  if (result.answer) claimed(*std::move(result.answer));
  return next;
}

std::optional<engine::Claim> EmbeddedStore::claim_ready(Effects& effects, std::string_view queue_name) {
  const auto queue = jobs_.queues.find(queue_name);
  if (!queue || !starts_jobs() || waiting_.any(*queue)) return std::nullopt;
  return attempts_.start_next(effects, *queue, std::nullopt);
}

engine::Expected<engine::Resolution> EmbeddedStore::settle(Effects& effects, std::string_view id,
                                                           engine::FencingToken token,
                                                           engine::Outcome&& outcome,
                                                           engine::Settler settler) {
  const auto found = attempts_.find(id, token, settler);
  if (!found) return std::unexpected(found.error());
  auto resolution = attempts_.end(effects, found->handle, std::move(outcome));
  jobs_.forget_expired(effects);
  return resolution;
}

void EmbeddedStore::extend(std::string_view id, engine::FencingToken token, base::milliseconds duration,
                           engine::Callback<engine::Extension> done) {
  Turn turn(*this);
  const auto found = attempts_.find(id, token, engine::Settler::remote_worker);
  if (!found) return turn.effects.refuse(std::move(done), found.error());
  turn.effects.call(
      [done = std::move(done),
       extension = attempts_.extend(turn.effects, found->handle, duration)]() mutable { done(extension); });
}

std::optional<base::SteadyTime> EmbeddedStore::next_start() const {
  const auto now = around_.clock.now().steady;
  const base::MutexLock lock(mutex_);
  std::optional<base::SteadyTime> next;
  for (const auto& queue : jobs_.queues) {
    if (queue.is_shut() || queue.ready.empty()) continue;
    const auto opens = queue.gate.next_start();
    next = earlier(next, opens > now ? opens : base::SteadyTime::min());
  }
  // The timeouts of running jobs are among the due times too: there are only as many as workers.
  return earlier(next, jobs_.due.next_where([this](JobHandle job) {
    mutex_.assert_held();
    const Record& record = jobs_.table.at(job);
    return record.status() == Status::queued && !jobs_.queues[record.queue].is_shut();
  }));
}

std::optional<base::SteadyTime> EmbeddedStore::tick(base::Now now) {
  Turn turn(*this, now);
  // Jobs that wait for a circuit go before those that become due at the same moment: among them may be the
  // one whose probe has failed.
  open_gates(turn.effects);
  serve_waiting(turn.effects);
  const bool due_done = run_due(turn.effects);
  const bool leases_done = attempts_.end_expired(turn.effects);
  const bool retention_done = jobs_.forget_expired(turn.effects);
  const bool sweeps_done = sweeps_wait() || step_sweeps(turn.effects);
  const auto reads_again = jobs_.payloads.tick(turn.effects);
  const auto opens = open_gates(turn.effects);
  const bool all_done = due_done && leases_done && retention_done && sweeps_done;
  const auto looks_again = jobs_.burst_end.tick(turn.effects);
  const auto next =
      all_done ? earlier(earlier(earlier(opens, looks_again), earlier(reads_again, jobs_.due.next())),
                         earlier(attempts_.next_expiry(), jobs_.finished.next_expiry()))
               : now.steady;
  next_tick_ = next.value_or(base::SteadyTime::max());
  return next;
}

std::optional<base::SteadyTime> EmbeddedStore::open_gates(Effects& effects) {
  std::optional<base::SteadyTime> next;
  std::uint16_t index = 0;
  for (const auto& queue : jobs_.queues) {
    const auto i = index++;
    if (queue.ready.empty()) continue;
    const auto opens = queue.gate.next_start();
    if (opens <= effects.now.steady)
      effects.may_start(i);
    else if (opens != base::SteadyTime::max())
      next = earlier(next, opens);
  }
  return next;
}

bool EmbeddedStore::run_due(Effects& effects) {
  for (int i = 0; i < due_budget; ++i) {
    const auto job = jobs_.due.pop(effects.now.steady);
    if (!job) return true;
    if (jobs_.table.at(*job).status() == Status::running)
      attempts_.time_out(effects, *job);
    else
      jobs_.make_ready(effects, *job);
  }
  return false;
}

bool EmbeddedStore::step_sweeps(Effects& effects) {
  if (sweeps_.empty()) return true;
  auto step = sweeps_.next(jobs_.table, jobs_.finished);
  for (const auto job : step.jobs) {
    if (step.action == SweepAction::retry)
      (void)jobs_.retry(effects, job);  // It is failed, so it can be retried.
    else if (step.action == SweepAction::remove)
      jobs_.remove(effects, job);
  }
  if (!step.finished) return false;
  answer_when_durable(effects, *journal_, step.finished->count, std::move(step.finished->done));
  return sweeps_.empty();
}

void EmbeddedStore::stop_admission() {
  const base::MutexLock lock(mutex_);
  admitting_ = false;
}

void EmbeddedStore::stop_claims() {
  Turn turn(*this);
  claiming_ = false;
  for (auto& waiting : waiting_.take_all()) {
    jobs_.queues.end_wait(waiting, turn.effects.now.steady);
    hand_out(turn.effects, {}, std::move(waiting.done));
  }
}

engine::AttemptCounts EmbeddedStore::attempts() const {
  const base::MutexLock lock(mutex_);
  return attempts_.counts();
}

void EmbeddedStore::renew_leases() {
  Turn turn(*this);
  attempts_.renew_leases(turn.effects);
}

void EmbeddedStore::stop_attempts() {
  Turn turn(*this);
  attempts_.stop_own(turn.effects);
}

void EmbeddedStore::end_leases() {
  Turn turn(*this);
  attempts_.end_leases(turn.effects);
}

}  // namespace jobqd::stores::embedded
