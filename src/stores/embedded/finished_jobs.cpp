#include "stores/embedded/finished_jobs.hpp"

#include <utility>

#include <jobqd/base/check.hpp>

#include "stores/embedded/due_queue.hpp"

namespace jobqd::stores::embedded {

void FinishedJobs::add(JobHandle job, base::SteadyTime until) {
  Record& record = table_.at(job);
  record.due = until;
  record.ticket = ++last_ticket_;
  if (record.queue >= queues_.size()) queues_.resize(record.queue + 1UL);
  if (record.queue >= failed_.size()) failed_.resize(record.queue + 1UL);
  if (record.progress.status == domain::Status::failed) failed_[record.queue].emplace(record.number, job);
  queues_[record.queue].push(record.ticket, job);
  ++jobs_;
  bytes_ += record.content_bytes();
}

void FinishedJobs::remove(JobHandle job) {
  Record& record = table_.at(job);
  const bool was_there = queues_[record.queue].erase(std::exchange(record.ticket, 0));
  JOBQD_CHECK(was_there);
  failed_[record.queue].erase(record.number);
  --jobs_;
  bytes_ -= record.content_bytes();
  record.due = {};
}

void FinishedJobs::keep_longer(std::uint16_t queue, base::milliseconds by) {
  if (queue >= queues_.size()) return;
  queues_[queue].visit_newest_first(0, [&](Ticket, JobHandle job) {
    table_.at(job).due += by;
    return true;
  });
}

std::optional<JobHandle> FinishedJobs::next_to_forget(base::SteadyTime now) const {
  const bool too_many = jobs_ > limits_.jobs || bytes_ > limits_.bytes;
  std::optional<JobHandle> oldest;
  for (const auto& queue : queues_) {
    if (queue.empty()) continue;
    const auto first = queue.front();
    if (table_.at(first).due <= now) return first;
    if (too_many && (!oldest || table_.at(first).ticket < table_.at(*oldest).ticket)) oldest = first;
  }
  return oldest;
}

std::optional<base::SteadyTime> FinishedJobs::next_expiry() const {
  std::optional<base::SteadyTime> next;
  for (const auto& queue : queues_)
    if (!queue.empty()) next = earlier(next, table_.at(queue.front()).due);
  return next;
}

}  // namespace jobqd::stores::embedded
