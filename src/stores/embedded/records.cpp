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
          .enqueued_at = record.enqueued_at,
          .run_at = record.run_at,
          .fingerprint = record.fingerprint};
}

journal::ProgressRow progress_row(const Record& record, const engine::LeaseTerms* lease) {
  return {.number = record.number,
          .progress = record.progress,
          .run_at = record.run_at,
          .started_at = record.started_at,
          .finished_at = record.finished_at,
          .ending = record.ending ? std::optional(*record.ending) : std::nullopt,
          .lease = lease != nullptr
                       ? std::optional(journal::LeaseRow{
                             .token = record.token, .duration = lease->duration, .worker = lease->worker})
                       : std::nullopt};
}

Record record_of(journal::StoredJob stored, std::uint16_t queue) {
  Record record;
  record.content = std::move(stored.job.content);
  record.number = stored.job.number;
  record.fingerprint = stored.job.fingerprint;
  record.enqueued_at = stored.job.enqueued_at;
  record.run_at = stored.job.run_at;
  record.queue = queue;
  record.priority = stored.job.priority;
  record.max_retries = stored.job.max_retries;
  record.timeout_ms = stored.job.timeout_ms;
  record.durable = true;
  if (stored.progress) {
    record.progress = stored.progress->progress;
    record.run_at = stored.progress->run_at;
    record.started_at = stored.progress->started_at;
    record.finished_at = stored.progress->finished_at;
    if (stored.progress->ending)
      record.ending = std::make_unique<journal::Ending>(*std::move(stored.progress->ending));
  } else if (record.run_at != base::WallTime{}) {
    record.progress.reason = domain::Reason::delayed;
  }
  return record;
}

}  // namespace jobqd::stores::embedded
