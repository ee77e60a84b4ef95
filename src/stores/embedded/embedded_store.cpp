#include "stores/embedded/embedded_store.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <jobqd/base/check.hpp>
#include <jobqd/domain/lifecycle.hpp>

#include "stores/embedded/turn.hpp"

namespace jobqd::stores::embedded {

using domain::Error;
using domain::ErrorCode;
using domain::Status;

namespace {

/// What one call may do under the lock before others get a turn.
constexpr int due_budget = 1000;
constexpr int retention_budget = 100;
constexpr int list_budget = 10'000;
constexpr std::size_t list_bytes = 4UL * 1024 * 1024;

engine::Circuit circuit_of(const domain::CircuitBreaker& breaker, base::SteadyTime now) {
  engine::Circuit circuit{.state = breaker.state(), .failures = breaker.failures()};
  if (circuit.state == domain::CircuitState::open)
    circuit.probes_in =
        std::chrono::ceil<base::milliseconds>(std::max(breaker.next() - now, base::SteadyTime::duration{0}));
  return circuit;
}

std::optional<base::WallTime> optional_time(base::WallTime time) {
  return time == base::WallTime{} ? std::nullopt : std::optional(time);
}

}  // namespace

EmbeddedStore::EmbeddedStore(EmbeddedOptions options, const base::Clock& clock, DueChanged due_changed,
                             std::unique_ptr<journal::Journal> journal)
    : options_(std::move(options)),
      clock_(clock),
      due_changed_(std::move(due_changed)),
      journal_(std::move(journal)) {
  for (const auto& queue : options_.queues) queues_.emplace_back(queue);
}

EmbeddedStore::~EmbeddedStore() = default;

std::optional<engine::Claim> EmbeddedStore::claim(std::string_view queue, std::stop_token stop) {
  const auto index = queue_index(queue);
  JOBQD_CHECK(index.has_value());
  auto& from = queues_[*index];
  while (from.channel.wait(stop)) {
    // Taken out and started in one turn: so jobs start in the order in which they stand.
    Turn turn(*this);
    if (!claiming_) return std::nullopt;
    const auto handle = from.channel.try_pop();
    if (!handle) continue;
    Record& record = table_.at(*handle);
    if (may_start(turn, from)) {
      auto claim = start(turn, *handle, record);
      claim.payload = record.content.payload();
      return claim;
    }
    from.channel.put_back(record.priority, record.ticket, *handle);
  }
  return std::nullopt;
}

bool EmbeddedStore::settle(const engine::Claim& claim, engine::Resolution resolution) {
  Turn turn(*this);
  Record* record = table_.find(claim.handle);
  if (record == nullptr || record->progress.status != Status::running || record->token != claim.token)
    return false;
  apply(turn, claim.handle, *record, std::move(resolution));
  work_off_retention(turn);
  return true;
}

void EmbeddedStore::find(std::string_view id, engine::Callback<domain::Job> done) {
  Turn turn(*this);
  const auto found = find_job(id);
  if (!found) return answer(turn, std::move(done), found.error());
  tell(turn, *found->record, std::move(done));
}

engine::WatchId EmbeddedStore::watch(std::string_view id, engine::Callback<domain::Job> done) {
  Turn turn(*this);
  const auto found = find_job(id);
  if (found && !found->record->finished()) {
    watches_.emplace(found->handle, std::pair(++last_watch_, std::move(done)));
    return last_watch_;
  }
  if (found)
    tell(turn, *found->record, std::move(done));
  else
    answer(turn, std::move(done), found.error());
  return 0;
}

bool EmbeddedStore::unwatch(engine::WatchId watch) {
  engine::Callback<domain::Job>
      forgotten;  // Let go of after the lock, because what it holds may call the store.
  const std::scoped_lock lock(mutex_);
  const auto found =
      std::ranges::find_if(watches_, [&](const auto& entry) { return entry.second.first == watch; });
  if (found == watches_.end()) return false;
  forgotten = std::move(found->second.second);
  watches_.erase(found);
  return true;
}

void EmbeddedStore::list(const engine::ListQuery& query, engine::Callback<engine::JobPage> done) {
  Turn turn(*this);
  engine::JobPage page;
  const auto queue = query.queue ? queue_index(*query.queue) : std::nullopt;
  if (query.queue && !queue) return answer(turn, std::move(done), no_such_queue(*query.queue));
  int budget = list_budget;
  std::size_t bytes = 0;
  table_.by_age().visit_newest_first(query.before, [&](std::uint64_t number, engine::JobHandle handle) {
    const Record& record = table_.at(handle);
    if (page.jobs.size() == query.limit || bytes >= list_bytes || budget-- == 0) return false;
    page.next = number;
    if (record.durable && (!queue || record.queue == *queue) &&
        (!query.status || record.progress.status == *query.status)) {
      page.jobs.push_back(to_job(record));
      bytes += record.content_bytes();
    }
    return true;
  });
  const bool stopped_early = page.jobs.size() == query.limit || bytes >= list_bytes || budget < 0;
  if (!stopped_early) page.next = 0;
  turn.call([done = std::move(done), page = std::move(page)]() mutable { done(std::move(page)); });
}

void EmbeddedStore::cancel(std::string_view id, engine::Callback<domain::Job> done) {
  Turn turn(*this);
  auto found = find_job_to_change(id);
  if (found && found->record->progress.status == Status::running) {
    turn.stop(running_.at(found->handle), engine::StopCause::cancelled);
  } else if (found) {
    if (const auto next = domain::cancelled(found->record->progress); !next) {
      found = std::unexpected(next.error());
    } else {
      take_out_of_waiting(found->handle, *found->record);
      finish(turn, found->handle, *found->record, *next);
    }
  }
  if (!found) return answer(turn, std::move(done), found.error());
  answer_when_durable(turn, *found->record, std::move(done));
  work_off_retention(turn);
}

void EmbeddedStore::retry(std::string_view id, engine::Callback<domain::Job> done) {
  Turn turn(*this);
  const auto found = find_job_to_change(id);
  const auto next = found ? domain::retried(found->record->progress) : std::unexpected(found.error());
  if (!next) return answer(turn, std::move(done), next.error());
  retry_one(turn, found->handle, *found->record, *next);
  answer_when_durable(turn, *found->record, std::move(done));
}

void EmbeddedStore::remove(std::string_view id, engine::Callback<void> done) {
  Turn turn(*this);
  const auto found = find_job_to_change(id);
  if (!found) return answer(turn, std::move(done), found.error());
  const auto [handle, record] = *found;
  if (record->progress.status == Status::running)
    return answer(turn, std::move(done),
                  Error{.code = ErrorCode::wrong_status,
                        .detail = "the job is running and cannot be removed; cancel it first"});
  remove_one(turn, handle, *record);
  journal_->when_durable(std::move(done));
}

engine::Counts EmbeddedStore::counts() const {
  const std::scoped_lock lock(mutex_);
  engine::Counts all;
  for (const auto& queue : queues_)
    for (std::size_t i = 0; i < all.by_status.size(); ++i) all.by_status[i] += queue.counts.by_status[i];
  return all;
}

std::vector<engine::QueueState> EmbeddedStore::queues() const {
  const std::scoped_lock lock(mutex_);
  const auto now = clock_.now();
  std::vector<engine::QueueState> states;
  for (const auto& queue : queues_) {
    const auto& options = queue.options;
    engine::QueueState state{.name = options.name,
                             .capacity = options.capacity,
                             .max_retries = options.max_retries,
                             .counts = queue.counts,
                             .paused = queue.paused,
                             .ready = queue.channel.size(),
                             .last_minute = {.enqueued = queue.enqueued.count(now.steady),
                                             .started = queue.started.count(now.steady),
                                             .done = queue.done.count(now.steady),
                                             .failed = queue.failed.count(now.steady)}};
    if (options.circuit.applies()) state.circuit = circuit_of(queue.breaker, now.steady);
    if (options.timeout.count() > 0) state.timeout = options.timeout;
    // Within a priority the oldest comes first, but for those that came back from a wait.
    for (const auto handle : queue.channel.fronts()) {
      const auto age = std::max(now.wall - table_.at(handle).enqueued_at, base::milliseconds{0});
      state.oldest_ready = std::max(state.oldest_ready.value_or(age), age);
    }
    states.push_back(std::move(state));
  }
  return states;
}

std::optional<base::SteadyTime> EmbeddedStore::next_start() const {
  const std::scoped_lock lock(mutex_);
  std::optional<base::SteadyTime> next;
  for (const auto& queue : queues_)
    if (!queue.paused && queue.channel.size() > 0)
      next = earlier(next, queue.waits ? queue.next_start() : base::SteadyTime::min());
  // Timeouts of running jobs stand in the same queue: there are as many as workers, here and elsewhere.
  return earlier(next, due_.next_where([this](engine::JobHandle handle) {
    const Record& record = table_.at(handle);
    return record.progress.status == Status::queued && !queues_[record.queue].paused;
  }));
}

std::string EmbeddedStore::trouble() const {
  return journal_->trouble();
}

std::optional<base::SteadyTime> EmbeddedStore::tick(base::Now now) {
  Turn turn(*this, now);
  const bool due_done = work_off_due(turn);
  const bool leases_done = work_off_leases(turn);
  const bool retention_done = work_off_retention(turn);
  const bool sweeps_done = work_off_sweeps(turn);
  const auto next_pace = work_off_pace(now.steady);
  const bool all_done = due_done && leases_done && retention_done && sweeps_done;
  const auto next = all_done
                        ? earlier(earlier(next_pace, due_.next()), earlier(expiries_.next(), next_expiry()))
                        : now.steady;
  next_tick_ = next.value_or(base::SteadyTime::max());
  return next;
}

bool EmbeddedStore::work_off_due(Turn& turn) {
  for (int i = 0; i < due_budget; ++i) {
    const auto handle = due_.pop(turn.now.steady);
    if (!handle) return true;
    Record& record = table_.at(*handle);
    if (record.progress.status == Status::running) {
      time_out(turn, *handle, record);
    } else {
      make_ready(*handle, record);
    }
  }
  return false;
}

bool EmbeddedStore::work_off_retention(Turn& turn) {
  for (int i = 0; i < retention_budget; ++i) {
    const auto handle = next_to_forget(turn.now.steady);
    if (!handle) return true;
    Record& record = table_.at(*handle);
    take_out_of_finished(record);
    forget(*handle, record);
    turn.flush();
  }
  return false;
}

void EmbeddedStore::stop_admission() {
  const std::scoped_lock lock(mutex_);
  admitting_ = false;
}

void EmbeddedStore::stop_claims() {
  Turn turn(*this);
  claiming_ = false;
  for (auto& queue : queues_) queue.channel.close();
  end_waiting(turn);
}

void EmbeddedStore::stop_attempts() {
  Turn turn(*this);
  for (const auto& [handle, signal] : running_) turn.stop(signal, engine::StopCause::shutdown);
  std::vector<engine::JobHandle> leased;  // end_lease() takes them out.
  leased.reserve(leased_.size());
  for (const auto& [handle, lease] : leased_) leased.push_back(handle);
  for (const auto handle : leased) end_lease(turn, handle, table_.at(handle));
}

engine::Expected<EmbeddedStore::Found> EmbeddedStore::find_job(std::string_view id) {
  const auto handle = table_.find_id(id);
  Record* record = handle == 0 ? nullptr : table_.find(handle);
  if (record == nullptr || !record->durable)
    return std::unexpected(Error{.code = ErrorCode::job_not_found,
                                 .detail = fmt::format("there is no job with the id \"{}\"", id)});
  return Found{.handle = handle, .record = record};
}

engine::Expected<EmbeddedStore::Found> EmbeddedStore::find_job_to_change(std::string_view id) {
  if (auto why = journal_->trouble(); !why.empty()) return std::unexpected(unavailable(std::move(why)));
  return find_job(id);
}

Error EmbeddedStore::unavailable(std::string why) {
  return {.code = ErrorCode::store_unavailable, .detail = std::move(why)};
}

std::optional<std::uint16_t> EmbeddedStore::queue_index(std::string_view name) const {
  const auto found = std::ranges::find(queues_, name, [](const Queue& queue) { return queue.options.name; });
  if (found == queues_.end()) return std::nullopt;
  return static_cast<std::uint16_t>(found - queues_.begin());
}

domain::Job EmbeddedStore::to_job(const Record& record) const {
  auto progress = record.progress;
  if (progress.reason == domain::Reason::ready && queues_[record.queue].paused)
    progress.reason = domain::Reason::paused;
  return {
      .id = std::string(record.content.id()),
      .queue = queues_[record.queue].options.name,
      .payload = std::string(record.content.payload()),
      .progress = progress,
      .priority = record.priority,
      .max_retries = record.max_retries,
      .timeout = record.timeout_ms > 0 ? std::optional(base::milliseconds(record.timeout_ms)) : std::nullopt,
      .enqueued_at = record.enqueued_at,
      .run_at = optional_time(record.run_at),
      .started_at = optional_time(record.started_at),
      .finished_at = optional_time(record.finished_at),
      .last_error = record.ending ? record.ending->last_error : std::string{},
      .result = record.ending ? record.ending->result : std::nullopt};
}

std::vector<engine::Callback<domain::Job>> EmbeddedStore::take_watches(engine::JobHandle handle) {
  std::vector<engine::Callback<domain::Job>> taken;
  const auto [first, last] = watches_.equal_range(handle);
  for (auto watch = first; watch != last; ++watch) taken.push_back(std::move(watch->second.second));
  watches_.erase(first, last);
  return taken;
}

void EmbeddedStore::tell(Turn& turn, const Record& record, engine::Callback<domain::Job> done) {
  auto job = to_job(record);
  if (record.batch <= journal_->durable()) {
    turn.call([done = std::move(done), job = std::move(job)]() mutable { done(std::move(job)); });
    return;
  }
  journal_->when_durable(
      [done = std::move(done), job = std::move(job)](auto /*durable*/) mutable { done(std::move(job)); });
  turn.flush();
}

void EmbeddedStore::answer_when_durable(Turn& turn, const Record& record,
                                        engine::Callback<domain::Job> done) {
  journal_->when_durable(
      [done = std::move(done), job = to_job(record)](std::expected<void, Error> durable) mutable {
        if (durable)
          done(std::move(job));
        else
          done(std::unexpected(std::move(durable.error())));
      });
  turn.flush();
}

}  // namespace jobqd::stores::embedded
