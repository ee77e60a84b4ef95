// The life of one job: each function leaves record, queues, counts and journal in step.

#include <utility>

#include <fmt/format.h>

#include <jobqd/base/check.hpp>
#include <jobqd/domain/lifecycle.hpp>

#include "stores/embedded/turn.hpp"

namespace jobqd::stores::embedded {

using domain::Reason;
using domain::Status;

namespace {

/// A step that the transition table allows here; anything else is a broken invariant.
domain::Progress certain(std::expected<domain::Progress, domain::Error> progress) {
  JOBQD_CHECK(progress.has_value());
  return *progress;
}

void note_error(Record& record, std::string error) {
  if (!record.ending) record.ending = std::make_unique<journal::Ending>();
  record.ending->last_error = std::move(error);
}

}  // namespace

std::uint64_t& EmbeddedStore::count_of(const Record& record) {
  return queues_[record.queue].counts.by_status.at(static_cast<std::size_t>(record.progress.status));
}

void EmbeddedStore::set_progress(Record& record, domain::Progress progress) {
  --count_of(record);
  record.progress = progress;
  ++count_of(record);
}

void EmbeddedStore::make_ready(engine::JobHandle handle, Record& record) {
  record.progress.reason = Reason::ready;
  record.due = {};
  record.ticket = queues_[record.queue].channel.push(record.priority, handle);
}

void EmbeddedStore::wait_until(Turn& turn, engine::JobHandle handle, Record& record, base::SteadyTime due) {
  record.due = due;
  due_.insert({due, record.number, handle});
  turn.wants_tick(due);
}

/// When the calendar will show `time`, and never before. Two readings of the clocks differ by up to a
/// millisecond in what lies between them; the same time is to be the same moment for all jobs.
base::SteadyTime EmbeddedStore::due_at(base::Now now, base::WallTime time) {
  const auto late = (now.wall - clocks_.wall) - (now.steady - clocks_.steady);
  const bool one_moment = late >= base::milliseconds{0} && late < base::milliseconds{1};
  if (!one_moment) clocks_ = now;
  return clocks_.steady + (time - clocks_.wall);
}

engine::Claim EmbeddedStore::start(Turn& turn, engine::JobHandle handle, Record& record) {
  set_progress(record, certain(domain::started(record.progress)));
  record.ticket = 0;
  record.token = ++last_token_;
  record.started_at = turn.now.wall;
  record.run_at = {};
  if (record.timeout_ms > 0)
    wait_until(turn, handle, record, turn.now.steady + base::milliseconds(record.timeout_ms));
  queues_[record.queue].started.add(turn.now.steady);
  running_.emplace(handle, std::make_shared<engine::StopSignal>());
  turn.keep(record);
  return claim_of(handle, record);
}

engine::Claim EmbeddedStore::claim_of(engine::JobHandle handle, const Record& record) const {
  const auto leased = leased_.find(handle);
  return {
      .handle = handle,
      .token = record.token,
      .id = std::string(record.content.id()),
      .queue = queues_[record.queue].options.name,
      .payload = {},
      .attempt = record.progress.attempts,
      .failures = record.progress.failures,
      .max_retries = record.max_retries,
      .timeout = record.timeout_ms > 0 ? std::optional(base::milliseconds(record.timeout_ms)) : std::nullopt,
      .deferrals = record.progress.deferrals,
      .traceparent = std::string(record.content.traceparent()),
      .stop = running_.at(handle),
      .worker = leased == leased_.end() ? std::string{} : leased->second.worker};
}

void EmbeddedStore::apply(Turn& turn, engine::JobHandle handle, Record& record,
                          engine::Resolution resolution) {
  const auto running = running_.extract(handle);
  JOBQD_CHECK(!running.empty());
  drop_lease(handle, record);
  if (record.due != base::SteadyTime{}) due_.erase({std::exchange(record.due, {}), record.number, handle});
  note_end(turn, queues_[record.queue], resolution);

  if (auto* done = std::get_if<engine::Done>(&resolution)) {
    record.ending.reset();
    if (done->result)
      record.ending =
          std::make_unique<journal::Ending>(journal::Ending{.last_error = {}, .result = done->result});
    finish(turn, handle, record, certain(domain::succeeded(record.progress)));
  } else if (auto* failed = std::get_if<engine::Failed>(&resolution)) {
    note_error(record, std::move(failed->error));
    finish(turn, handle, record, certain(domain::given_up(record.progress, failed->reason)));
  } else if (running.mapped()->cause() == engine::StopCause::cancelled) {
    // The cancel came after the worker had decided: it still holds.
    note_error(record, "cancelled while running");
    finish(turn, handle, record, certain(domain::given_up(record.progress, Reason::cancelled)));
  } else if (auto* again = std::get_if<engine::Again>(&resolution)) {
    note_error(record, std::move(again->error));
    set_progress(record, certain(again->deferred ? domain::deferred(record.progress)
                                                 : domain::backed_off(record.progress)));
    queues_[record.queue].channel.reserve_again();
    record.run_at = turn.now.wall + again->delay;
    wait_until(turn, handle, record, turn.now.steady + again->delay);
    turn.keep(record);
  } else {
    apply_interruption(turn, handle, record);
  }
}

std::uint32_t EmbeddedStore::interruptions_max(const Record& record) const {
  return queues_[record.queue].options.interruptions_max.value_or(options_.interruptions_max);
}

void EmbeddedStore::apply_interruption(Turn& turn, engine::JobHandle handle, Record& record) {
  const auto next = certain(domain::interrupted(record.progress, interruptions_max(record)));
  if (next.status == Status::failed) {
    note_error(record, fmt::format("interrupted {} times", next.interruptions));
    finish(turn, handle, record, next);
    return;
  }
  set_progress(record, next);
  queues_[record.queue].channel.reserve_again();
  make_ready(handle, record);
  turn.keep(record);
}

void EmbeddedStore::finish(Turn& turn, engine::JobHandle handle, Record& record, domain::Progress progress) {
  set_progress(record, progress);
  record.finished_at = turn.now.wall;
  record.run_at = {};
  keep_finished(handle, record, turn.now.steady + retention(record));
  turn.wants_tick(record.due);
  turn.keep(record);
  for (auto& done : take_watches(handle)) tell(turn, record, std::move(done));
}

base::milliseconds EmbeddedStore::retention(const Record& record) const {
  return queues_[record.queue].options.retention.value_or(options_.retention);
}

void EmbeddedStore::keep_finished(engine::JobHandle handle, Record& record, base::SteadyTime until) {
  record.due = until;
  record.ticket = ++last_finished_;
  queues_[record.queue].finished.push(record.ticket, handle);
  ++finished_;
  finished_bytes_ += record.content_bytes();
}

std::optional<engine::JobHandle> EmbeddedStore::next_to_forget(base::SteadyTime now) const {
  const bool too_many = finished_ > options_.retention_max || finished_bytes_ > options_.retention_bytes;
  std::optional<engine::JobHandle> oldest;
  for (const auto& queue : queues_) {
    if (queue.finished.empty()) continue;
    const auto first = queue.finished.front();
    if (table_.at(first).due <= now) return first;
    if (too_many && (!oldest || table_.at(first).ticket < table_.at(*oldest).ticket)) oldest = first;
  }
  return oldest;
}

std::optional<base::SteadyTime> EmbeddedStore::next_expiry() const {
  std::optional<base::SteadyTime> next;
  for (const auto& queue : queues_)
    if (!queue.finished.empty()) next = earlier(next, table_.at(queue.finished.front()).due);
  return next;
}

void EmbeddedStore::take_out_of_waiting(engine::JobHandle handle, Record& record) {
  auto& channel = queues_[record.queue].channel;
  if (record.due != base::SteadyTime{}) {
    due_.erase({std::exchange(record.due, {}), record.number, handle});
    channel.release(1);
  } else {
    const bool was_there = channel.erase(record.priority, record.ticket);
    JOBQD_CHECK(was_there);
  }
  record.ticket = 0;
}

void EmbeddedStore::take_out_of_finished(Record& record) {
  const bool was_there = queues_[record.queue].finished.erase(std::exchange(record.ticket, 0));
  JOBQD_CHECK(was_there);
  --finished_;
  finished_bytes_ -= record.content_bytes();
  record.due = {};
  record.finished_at = {};
}

void EmbeddedStore::forget(engine::JobHandle handle, Record& record) {
  --count_of(record);
  journal_->erase(record.number);
  table_.erase(handle);
}

void EmbeddedStore::retry_one(Turn& turn, engine::JobHandle handle, Record& record,
                              domain::Progress progress) {
  take_out_of_finished(record);
  set_progress(record, progress);
  queues_[record.queue].channel.reserve_again();
  make_ready(handle, record);
  turn.keep(record);
}

void EmbeddedStore::remove_one(Turn& turn, engine::JobHandle handle, Record& record) {
  if (record.finished())
    take_out_of_finished(record);
  else
    take_out_of_waiting(handle, record);
  forget(handle, record);
  turn.flush();
  for (auto& watch : take_watches(handle))
    answer(turn, std::move(watch),
           domain::Error{.code = domain::ErrorCode::job_not_found, .detail = "the job was removed"});
}

}  // namespace jobqd::stores::embedded
