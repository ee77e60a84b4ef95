#include "stores/embedded/jobs.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <jobqd/base/check.hpp>

#include "stores/embedded/records.hpp"

namespace jobqd::stores::embedded {

using domain::Error;
using domain::ErrorCode;
using domain::Progress;
using domain::Reason;

namespace {

/// How many finished jobs one call forgets before other work gets a turn.
constexpr int retention_budget = 100;

std::optional<base::WallTime> optional_time(base::WallTime time) {
  return time == base::WallTime{} ? std::nullopt : std::optional(time);
}

}  // namespace

Jobs::Jobs(const EmbeddedOptions& options, journal::Journal& journal)
    : queues(options.queues),
      payloads(table, queues, options.memory_budget, journal.keeps()),
      finished(table, {.jobs = options.retention_max, .bytes = options.retention_bytes}),
      retention_(options.retention),
      journal_(journal) {}

engine::Expected<Jobs::Found> Jobs::find(std::string_view id) {
  const auto handle = table.find_id(id);
  Record* record = table.find(handle);
  if (record == nullptr || !record->durable)
    return std::unexpected(Error{.code = ErrorCode::job_not_found,
                                 .detail = fmt::format("there is no job with the id \"{}\"", id)});
  return Found{.handle = handle, .record = record};
}

JobHandle Jobs::admit(Record record) {
  record.number = ++last_number;
  return table.insert(std::move(record));
}

JobHandle Jobs::restore(Record record) {
  last_number = std::max(last_number, record.number);
  const auto job = table.insert(std::move(record));
  const Record& kept = table.at(job);
  queues[kept.queue].enter(kept.status(), kept.reason());
  return job;
}

void Jobs::enter(Effects& effects, JobHandle job) {
  Record& record = table.at(job);
  queues[record.queue].enter(record.status(), record.reason());
  payloads.begin_wait(record);
  if (record.reason() == Reason::delayed)
    wait_until(effects, job, record.due.get());
  else
    make_ready(effects, job);
}

void Jobs::withdraw(Effects& effects, JobHandle job) {
  const Record* record = table.find(job);
  if (record == nullptr) return;
  if (record->history() != nullptr) return remove(effects, job);  // The journal may have its progress.
  queues[record->queue].places.release(record->room());
  table.erase(job);
}

Jobs::Start Jobs::start(Effects& effects, JobHandle job, engine::FencingToken token,
                        const engine::LeaseTerms* lease) {
  Record& record = table.at(job);
  History& history = record.history(table.histories());
  const Start start{
      .at = effects.now.steady, .earlier_run_at = history.run_at, .earlier_started_at = history.started_at};
  const auto progress = domain::started(record.progress());
  JOBQD_CHECK(progress.has_value());
  auto& queue = queues[record.queue];
  queue.figures.totals.waited.add(std::max(effects.now.wall - record.due_since(), base::milliseconds{0}));
  set_progress(queue, record, *progress);
  history.token = token;
  history.started_at = PackedWall(effects.now.wall);
  history.run_at = {};
  if (record.timeout_ms > 0)
    wait_until(effects, job, effects.now.steady + base::milliseconds(record.timeout_ms));
  queue.places.release(record.room());
  queue.figures.started.add(effects.now.steady);
  payloads.end_wait(record);
  keep(effects, record, lease);
  return start;
}

void Jobs::requeue(Effects& effects, JobHandle job, Progress progress) {
  Record& record = table.at(job);
  auto& queue = queues[record.queue];
  set_progress(queue, record, progress);
  queue.places.take_again(record.room());
  record.set_run_at(effects.now.wall);
  payloads.begin_wait(record);
  make_ready(effects, job);
  keep(effects, record);
}

void Jobs::requeue_after(Effects& effects, JobHandle job, Progress progress, base::milliseconds wait) {
  Record& record = table.at(job);
  auto& queue = queues[record.queue];
  set_progress(queue, record, progress);
  queue.places.take_again(record.room());
  payloads.begin_wait(record);
  record.set_run_at(effects.now.wall + wait);
  wait_until(effects, job, effects.now.steady + wait);
  keep(effects, record);
}

void Jobs::put_back(Effects& effects, JobHandle job, Progress progress, const Start& start) {
  Record& record = table.at(job);
  auto& queue = queues[record.queue];
  set_progress(queue, record, progress);
  History& history = *record.history();
  history.run_at = start.earlier_run_at;
  history.started_at = start.earlier_started_at;
  queue.places.take_again(record.room());
  queue.figures.started.take_back(start.at);
  payloads.begin_wait_in_front(record);
  queue.ready.put_back(record.priority, record.ticket, job.slot);
  effects.may_start(record.queue);
  keep(effects, record);
}

void Jobs::finish(Effects& effects, JobHandle job, Progress progress) {
  Record& record = table.at(job);
  auto& queue = queues[record.queue];
  set_progress(queue, record, progress);
  if (progress.status == domain::Status::failed) ++queue.figures.totals.failed.of(progress.reason);
  History& history = record.history(table.histories());
  history.finished_at = PackedWall(effects.now.wall);
  history.run_at = {};
  finished.add(job, effects.now.steady + retention(queue.options));
  effects.wants_tick(record.due.get());
  keep(effects, record);
  for (auto& done : watches.take(job))
    answer_with(effects, journal_, record, describe(record, effects.now.steady), std::move(done));
}

void Jobs::request_cancel(Effects& effects, JobHandle job, const engine::LeaseTerms* lease) {
  Record& record = table.at(job);
  const auto progress = domain::cancel_requested(record.progress());
  JOBQD_CHECK(progress.has_value());
  set_progress(queues[record.queue], record, *progress);
  keep(effects, record, lease);
}

void Jobs::drop_timeout(JobHandle job) {
  Record& record = table.at(job);
  if (!record.due.is_none()) due.erase({std::exchange(record.due, {}), job});
}

engine::Expected<void> Jobs::cancel(Effects& effects, JobHandle job) {
  const auto progress = domain::cancelled(table.at(job).progress());
  if (!progress) return std::unexpected(progress.error());
  leave_queue(job);
  finish(effects, job, *progress);
  return {};
}

engine::Expected<void> Jobs::retry(Effects& effects, JobHandle job) {
  Record& record = table.at(job);
  const auto progress = domain::retried(record.progress());
  if (!progress) return std::unexpected(progress.error());
  finished.remove(job);
  record.history()->finished_at = {};
  requeue(effects, job, *progress);
  return {};
}

void Jobs::remove(Effects& effects, JobHandle job, Row row) {
  if (table.at(job).finished())
    finished.remove(job);
  else
    leave_queue(job);
  forget(effects, job, row);
  for (auto& watch : watches.take(job))
    effects.refuse(std::move(watch),
                   Error{.code = ErrorCode::job_not_found, .detail = "the job was removed"});
}

void Jobs::make_ready(Effects& effects, JobHandle job) {
  Record& record = table.at(job);
  auto& queue = queues[record.queue];
  if (record.reason() != Reason::ready) {
    auto progress = record.progress();
    progress.reason = Reason::ready;
    set_progress(queue, record, progress);
  }
  record.due = {};
  record.ticket = queue.ready.push(record.priority, job.slot);
  payloads.entered_ready(record);
  effects.may_start(record.queue);
}

void Jobs::wait_until(Effects& effects, JobHandle job, base::SteadyTime until) {
  Record& record = table.at(job);
  record.due = until;
  due.insert({record.due, job});
  effects.wants_tick(record.due.get());
}

bool Jobs::forget_expired(Effects& effects) {
  for (int i = 0; i < retention_budget; ++i) {
    const auto job = finished.next_to_forget(effects.now.steady);
    if (!job) return true;
    finished.remove(*job);
    forget(effects, *job, Row::erased);
  }
  return false;
}

domain::Job Jobs::describe(const Record& record, base::SteadyTime now) const {
  const auto& queue = queues[record.queue];
  const auto* ending = record.ending();
  auto progress = record.progress();
  progress.reason = queue.reason_of(progress, now);
  return {
      .id = std::string(record.content.id()),
      .queue = queue.options.name,
      .payload = std::string(record.content.has_payload() ? record.content.payload() : std::string_view{}),
      .progress = progress,
      .priority = record.priority,
      .max_retries = record.max_retries,
      .timeout = record.timeout(),
      .enqueued_at = record.enqueued_at.get(),
      .run_at = optional_time(record.run_at()),
      .started_at = optional_time(record.started_at()),
      .finished_at = optional_time(record.finished_at()),
      .last_error = ending != nullptr ? ending->last_error : std::string{},
      .result = ending != nullptr ? ending->result : std::nullopt};
}

void Jobs::keep(Effects& effects, Record& record, const engine::LeaseTerms* lease) {
  if (!journal_.keeps()) return;
  record.batch = RecentBatch(journal_.update(progress_row(record, lease)));
  effects.flush();
}

void Jobs::set_progress(Queue& queue, Record& record, const Progress& progress) {
  queue.leave(record.status(), record.reason());
  record.set_progress(progress, table.histories());
  queue.enter(progress.status, progress.reason);
}

void Jobs::leave_queue(JobHandle job) {
  Record& record = table.at(job);
  auto& queue = queues[record.queue];
  queue.places.release(record.room());
  payloads.end_wait(record);
  if (!record.due.is_none()) {
    due.erase({std::exchange(record.due, {}), job});
  } else {
    const bool was_there = queue.ready.erase(record.priority, record.ticket);
    JOBQD_CHECK(was_there);
    payloads.left_ready(record);
  }
  record.ticket = {};
}

void Jobs::forget(Effects& effects, JobHandle job, Row row) {
  const Record& record = table.at(job);
  queues[record.queue].leave(record.status(), record.reason());
  if (row == Row::erased) journal_.erase(record.number);
  table.erase(job);
  burst_end.erased(effects);
  effects.flush();
}

void answer_with(Effects& effects, journal::Journal& journal, const Record& record, domain::Job job,
                 engine::Callback<domain::Job> done) {
  if (record.batch.is_in(journal.durable())) {
    effects.call([done = std::move(done), job = std::move(job)]() mutable { done(std::move(job)); });
    return;
  }
  journal.when_durable(
      [done = std::move(done), job = std::move(job)](auto /*durable*/) mutable { done(std::move(job)); });
  effects.flush();
}

}  // namespace jobqd::stores::embedded
