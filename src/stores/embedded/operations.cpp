// EmbeddedStore: engine::Operations, the calls of operators and of other clients.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <jobqd/base/check.hpp>

#include "stores/embedded/embedded_store.hpp"

namespace jobqd::stores::embedded {

using domain::ErrorCode;
using domain::Status;

namespace {

/// How many jobs one call may visit before others get a turn.
constexpr std::size_t list_budget = 10'000;

/// How many queues one call copies the figures of, and after what time it lets others go first. A queue that
/// is in no cache and has jobs of many priorities takes some microseconds.
constexpr std::size_t counts_budget = 64;
constexpr std::chrono::microseconds counts_time{30};

/// How long the first of its jobs that could start, or that only wait for a remote worker, has been due.
base::milliseconds oldest_ready(const Jobs& jobs, const Queue& queue, base::Now now) {
  base::milliseconds oldest{0};
  if (queue.ready.empty()) return oldest;
  const auto reason = queue.reason(now.steady);
  if (reason != domain::Reason::ready && reason != domain::Reason::no_worker) return oldest;
  queue.ready.visit_fronts([&](JobSlot job) {
    oldest = std::max(oldest, now.wall - jobs.table.at(jobs.table.handle(job)).due_since());
  });
  return oldest;
}

engine::QueueState describe_queue(const Jobs& jobs, const Queue& queue, base::Now now) {
  auto state = state_of(queue, now.steady);
  // Within one priority jobs are first in, first out, except retries, which rejoin at the back.
  queue.ready.visit_fronts([&](JobSlot job) {
    const auto age =
        std::max(now.wall - jobs.table.at(jobs.table.handle(job)).enqueued_at.get(), base::milliseconds{0});
    state.oldest_ready = std::max(state.oldest_ready.value_or(age), age);
  });
  state.due_since = oldest_ready(jobs, queue, now);
  return state;
}

}  // namespace

void EmbeddedStore::find(std::string_view id, engine::Callback<domain::Job> done) {
  if (auto answer = read(id, done)) return done(*std::move(answer));
  Turn turn(*this);
  const auto found = jobs_.find(id);
  if (!found) return turn.effects.refuse(std::move(done), found.error());
  answer_with(turn.effects, *journal_, *found->record, describe(found->handle, turn.effects.now),
              with_payload(found->handle, std::move(done)));
}

std::optional<engine::Expected<domain::Job>> EmbeddedStore::read(std::string_view id,
                                                                 engine::Callback<domain::Job>& done) {
  const auto now = around_.clock.now();
  const base::MutexLock lock(mutex_);
  const auto found = jobs_.find(id);
  if (!found) return std::unexpected(found.error());
  if (!found->record->batch.is_in(journal_->durable())) return std::nullopt;
  done = with_payload(found->handle, std::move(done));
  return describe(found->handle, now);
}

domain::Job EmbeddedStore::describe(JobHandle job, base::Now now) const {
  auto described = jobs_.describe(jobs_.table.at(job), now.steady);
  if (described.progress.status == Status::running) described.lease = attempts_.lease_of(job);
  return described;
}

engine::WatchId EmbeddedStore::watch(std::string_view id, engine::Callback<domain::Job> done) {
  Turn turn(*this);
  const auto found = jobs_.find(id);
  if (found && !found->record->finished()) return jobs_.watches.add(found->handle, std::move(done));
  if (found)
    answer_with(turn.effects, *journal_, *found->record, describe(found->handle, turn.effects.now),
                std::move(done));
  else
    turn.effects.refuse(std::move(done), found.error());
  return 0;
}

bool EmbeddedStore::unwatch(engine::WatchId watch) {
  std::optional<Watches::Done> removed;  // Destroyed without the lock: its destructor may call the store.
  const base::MutexLock lock(mutex_);
  removed = jobs_.watches.remove(watch);
  return removed.has_value();
}

void EmbeddedStore::list(const engine::ListQuery& query, engine::Callback<engine::JobPage> done) {
  std::vector<OnDisk> on_disk;
  auto page = page_of(query, on_disk);
  if (!page || on_disk.empty()) return done(std::move(page));
  add_payloads(*std::move(page), std::move(on_disk), std::move(done));
}

engine::Expected<engine::JobPage> EmbeddedStore::page_of(const engine::ListQuery& query,
                                                         std::vector<OnDisk>& on_disk) const {
  const auto now = around_.clock.now();
  const base::MutexLock lock(mutex_);
  engine::JobPage page;
  const auto queue = query.queue ? jobs_.queues.find_any(*query.queue) : std::nullopt;
  if (query.queue && !queue) return std::unexpected(no_such_queue(*query.queue));
  const auto budget = std::min(query.max_looked_at, list_budget);
  bool too_large = false;
  const auto visit = [&](std::uint64_t number, JobSlot slot) {
    mutex_.assert_held();
    const JobHandle job{.number = number, .slot = slot};
    const Record& record = jobs_.table.at(job);
    const bool matches = record.durable && (!queue || record.queue == *queue) &&
                         (!query.status || record.status() == *query.status);
    const auto bytes = matches ? record.json_bytes() : 0;
    too_large = !page.jobs.empty() && page.bytes + bytes > query.max_bytes;
    if (page.jobs.size() == query.limit || page.looked_at == budget || too_large) return false;
    page.next = number;
    ++page.looked_at;
    page.bytes += bytes;
    if (!matches) return true;
    if (!record.content.has_payload()) on_disk.push_back({.position = page.jobs.size(), .job = job});
    page.jobs.push_back(describe(job, now));
    return true;
  };
  if (queue && query.status == Status::failed)
    jobs_.finished.visit_failed(*queue, query.before, visit);
  else
    jobs_.table.by_age().visit_newest_first(query.before, visit);
  const bool stopped_early = page.jobs.size() == query.limit || page.looked_at == budget || too_large;
  if (!stopped_early) page.next = 0;
  return page;
}

void EmbeddedStore::cancel(std::string_view id, engine::Callback<domain::Job> done) {
  Turn turn(*this);
  const auto found = find_to_change(id);
  if (!found) return turn.effects.refuse(std::move(done), found.error());
  // The answers about it need its payload, and its row may be gone by then.
  if (!found->record->content.has_payload())
    return turn.effects.call(
        [this, job = found->handle, id = std::string(id), done = std::move(done)]() mutable {
          read_back({.jobs = {job}}, [this, id = std::move(id), done = std::move(done)](auto read) mutable {
            if (!read) return done(std::unexpected(std::move(read.error())));
            cancel(id, std::move(done));
          });
        });
  if (found->record->status() == Status::running)
    attempts_.cancel(turn.effects, found->handle);
  else if (const auto cancelled = jobs_.cancel(turn.effects, found->handle); !cancelled)
    return turn.effects.refuse(std::move(done), cancelled.error());
  answer_when_durable(turn.effects, *journal_, describe(found->handle, turn.effects.now), std::move(done));
  jobs_.forget_expired(turn.effects);
}

void EmbeddedStore::retry(std::string_view id, engine::Callback<domain::Job> done) {
  Turn turn(*this);
  const auto found = find_to_change(id);
  if (!found) return turn.effects.refuse(std::move(done), found.error());
  // It may lose its payload, which it has as long as it is failed.
  auto payload = jobs_.describe(*found->record, turn.effects.now.steady).payload;
  if (const auto retried = jobs_.retry(turn.effects, found->handle); !retried)
    return turn.effects.refuse(std::move(done), retried.error());
  auto job = describe(found->handle, turn.effects.now);
  job.payload = std::move(payload);
  answer_when_durable(turn.effects, *journal_, std::move(job), std::move(done));
}

void EmbeddedStore::remove(std::string_view id, engine::Callback<void> done) {
  Turn turn(*this);
  const auto found = find_to_change(id, true);
  if (!found) return turn.effects.refuse(std::move(done), found.error());
  if (found->record->status() == Status::running)
    return turn.effects.refuse(std::move(done),
                               {.code = ErrorCode::wrong_status,
                                .detail = "the job is running and cannot be removed; cancel it first"});
  jobs_.remove(turn.effects, found->handle);
  journal_->when_durable(std::move(done));
}

void EmbeddedStore::set_paused(std::string_view name, bool paused, engine::Callback<void> done) {
  Turn turn(*this);
  const auto queue = find_queue_to_change(name);
  if (!queue) return turn.effects.refuse(std::move(done), queue.error());
  jobs_.queues[*queue].gate.set_paused(paused);
  journal_->set_paused(name, paused);
  journal_->when_durable(std::move(done));
  turn.effects.may_start(*queue);
  turn.effects.flush();
}

void EmbeddedStore::retry_all(const engine::RetryAll& which, engine::Callback<std::uint64_t> done) {
  using enum domain::Reason;
  begin_sweep(which.queue, {.status = Status::failed,
                            .reasons = which.reason ? std::vector{*which.reason}
                                                    : std::vector{exhausted, rejected, interrupted},
                            .action = which.dry_run ? SweepAction::count_only : SweepAction::retry,
                            .done = std::move(done)});
}

void EmbeddedStore::purge(const engine::Purge& which, engine::Callback<std::uint64_t> done) {
  JOBQD_CHECK(which.status != Status::running);
  begin_sweep(which.queue, {.status = which.status,
                            .action = which.dry_run ? SweepAction::count_only : SweepAction::remove,
                            .done = std::move(done)});
}

void EmbeddedStore::begin_sweep(std::string_view name, Sweep sweep) {
  Turn turn(*this);
  const auto queue = find_queue_to_change(name, sweep.action == SweepAction::remove);
  if (!queue) return turn.effects.refuse(std::move(sweep.done), queue.error());
  sweep.queue = *queue;
  // Jobs that are enqueued from now on have larger numbers and are not changed.
  sweep.before = jobs_.last_number + 1;
  sweeps_.add(std::move(sweep));
  turn.effects.wants_tick(turn.effects.now.steady);
}

bool EmbeddedStore::configure(const engine::QueueOptions& options) {
  Turn turn(*this);
  const auto index = jobs_.queues.find_or_add(options);
  if (index) apply(turn.effects, *index, options, true);
  return index.has_value();
}

bool EmbeddedStore::remove_queue(std::string_view name) {
  Turn turn(*this);
  const auto index = jobs_.queues.find(name);
  if (index) apply(turn.effects, *index, options_once_removed(jobs_.queues[*index].options), false);
  return index.has_value();
}

void EmbeddedStore::apply(Effects& effects, std::uint16_t index, const engine::QueueOptions& options,
                          bool configured) {
  auto& queue = jobs_.queues[index];
  jobs_.finished.keep_longer(index, jobs_.retention(options) - jobs_.retention(queue.options));
  queue.places.set_limits(room_of(options));
  const auto circuit = queue.gate.breaker().state();
  queue.gate.configure(options.rate, options.circuit, effects.now.steady);
  report_circuit(effects, around_.observer, queue, circuit);
  const bool takes_other_claims = options.remote != queue.options.remote;
  queue.options = options;
  queue.configured = configured;
  if (!configured || takes_other_claims)
    for (auto& waiting : waiting_.take(index)) {
      jobs_.queues.end_wait(waiting, effects.now.steady);
      effects.refuse(std::move(waiting.done),
                     configured ? not_leased(options.name) : no_such_queue(options.name));
    }
  effects.may_start(index);
  effects.wants_tick(effects.now.steady);
}

engine::Counts EmbeddedStore::counts() const {
  const base::MutexLock lock(mutex_);
  return jobs_.queues.counts();
}

std::vector<engine::QueueState> EmbeddedStore::queues() const {
  const base::MutexLock lock(mutex_);
  const auto now = around_.clock.now();
  std::vector<engine::QueueState> states;
  for (const auto& queue : jobs_.queues)
    if (queue.configured || queue.has_jobs()) states.push_back(describe_queue(jobs_, queue, now));
  return states;
}

std::optional<engine::QueueState> EmbeddedStore::queue(std::string_view name) const {
  const base::MutexLock lock(mutex_);
  const auto index = jobs_.queues.find_any(name);
  if (!index) return std::nullopt;
  return describe_queue(jobs_, jobs_.queues[*index], around_.clock.now());
}

engine::CopiedCounts EmbeddedStore::copy_counts(std::size_t from, std::span<engine::QueueCounts> into) const {
  const base::MutexLock lock(mutex_);
  const auto now = around_.clock.now();
  const auto& queues = jobs_.queues;
  engine::CopiedCounts copied;
  const auto end = std::min(queues.size(), from + std::min(into.size(), counts_budget));
  const auto goes_on = [&] { return around_.clock.now().steady - now.steady < counts_time; };
  auto i = from;
  for (; i < end && (i == from || goes_on()); ++i) {
    const auto index = static_cast<std::uint16_t>(i);
    const auto& queue = queues[index];
    if (!queue.configured && !queue.has_jobs()) continue;
    auto& counts = into[copied.queues++];
    embedded::copy_counts(queue, now.steady, counts);
    counts.oldest_ready = oldest_ready(jobs_, queue, now);
    counts.lease_waiters = queue.options.remote ? waiting_.size(index) : 0;
  }
  copied.next = i < queues.size() ? i : 0;
  return copied;
}

std::string EmbeddedStore::trouble() const {
  auto why = restore_progress_.describe();
  return why.empty() ? journal_->trouble() : why;
}

engine::Expected<Jobs::Found> EmbeddedStore::find_to_change(std::string_view id, bool removes) {
  if (auto may = may_change(removes); !may) return std::unexpected(std::move(may.error()));
  return jobs_.find(id);
}

engine::Expected<std::uint16_t> EmbeddedStore::find_queue_to_change(std::string_view name,
                                                                    bool removes) const {
  const auto queue = jobs_.queues.find_any(name);
  if (!queue) return std::unexpected(no_such_queue(name));
  if (auto may = may_change(removes); !may) return std::unexpected(std::move(may.error()));
  return *queue;
}

engine::Expected<void> EmbeddedStore::may_change(bool removes) const {
  if (removes && !restore_progress_.under_way() && journal_->takes_removals()) return {};
  if (auto why = trouble(); !why.empty()) return std::unexpected(unavailable(std::move(why)));
  return {};
}

}  // namespace jobqd::stores::embedded
