#include "stores/embedded/records.hpp"

#include <utility>

namespace jobqd::stores::embedded {

journal::JobRow job_row(const Record& record, std::string_view queue) {
  return {.number = record.number,
          .content = record.content,
          .queue = std::string(queue),
          .priority = record.priority,
          .max_retries = record.max_retries,
          .timeout_ms = record.timeout_ms,
          .enqueued_at = record.enqueued_at.get(),
          .run_at = record.run_at(),
          .fingerprint = record.fingerprint};
}

journal::ProgressRow progress_row(const Record& record, const engine::LeaseTerms* lease) {
  journal::ProgressRow row;
  row.number = record.number;
  row.progress = record.progress();
  row.run_at = record.run_at();
  row.started_at = record.started_at();
  row.finished_at = record.finished_at();
  if (const History* history = record.history()) {
    if (history->ending) row.ending = *history->ending;
    if (lease != nullptr)
      row.lease = {.token = history->token, .duration = lease->duration, .worker = lease->worker};
  }
  return row;
}

bool fits(const journal::StoredJob& stored) {
  const auto& progress = stored.progress;
  return PackedWall::fits(stored.job.enqueued_at) && PackedWall::fits(stored.job.run_at) &&
         (!progress || (PackedWall::fits(progress->run_at) && PackedWall::fits(progress->started_at) &&
                        PackedWall::fits(progress->finished_at)));
}

Record record_of(journal::StoredJob stored, std::uint16_t queue, Histories& histories) {
  Record record;
  record.content = std::move(stored.job.content);
  record.number = stored.job.number;
  record.fingerprint = stored.job.fingerprint;
  record.queue = queue;
  record.priority = stored.job.priority;
  record.max_retries = stored.job.max_retries;
  record.timeout_ms = stored.job.timeout_ms;
  record.durable = true;
  auto& progress = stored.progress;
  record.enqueued_at = PackedWall(stored.job.enqueued_at);
  record.set_run_at(progress ? progress->run_at : stored.job.run_at);
  if (!progress) {
    if (record.run_at() != base::WallTime{})
      record.set_progress({.reason = domain::Reason::delayed}, histories);
    return record;
  }
  record.set_progress(progress->progress, histories);
  if (progress->started_at != base::WallTime{} || progress->finished_at != base::WallTime{} ||
      progress->ending) {
    History& history = record.history(histories);
    history.started_at = PackedWall(progress->started_at);
    history.finished_at = PackedWall(progress->finished_at);
    if (progress->ending) history.ending = std::make_unique<journal::Ending>(*std::move(progress->ending));
  }
  return record;
}

}  // namespace jobqd::stores::embedded
