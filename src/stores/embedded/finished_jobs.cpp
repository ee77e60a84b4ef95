#include "stores/embedded/finished_jobs.hpp"

#include <utility>

#include <jobqd/base/check.hpp>

#include "stores/embedded/due_queue.hpp"

namespace jobqd::stores::embedded {

void FinishedJobs::add(JobHandle job, base::SteadyTime until) {
  Record& record = table_.at(job);
  record.due = until;
  last_ticket_ = ticket_after(last_ticket_);
  record.ticket = Ticket(last_ticket_);
  if (record.queue >= queues_.size()) queues_.resize(record.queue + 1UL);
  if (record.queue >= failed_.size()) failed_.resize(record.queue + 1UL);
  if (record.status() == domain::Status::failed) failed_[record.queue].emplace(record.number, job.slot);
  queues_[record.queue].push(last_ticket_, job.slot);
  ++jobs_;
  bytes_ += record.content_bytes();
}

void FinishedJobs::remove(JobHandle job) {
  Record& record = table_.at(job);
  const bool was_there = queues_[record.queue].erase(std::exchange(record.ticket, {}).get(last_ticket_));
  JOBQD_CHECK(was_there);
  failed_[record.queue].erase(record.number);
  --jobs_;
  bytes_ -= record.content_bytes();
  record.due = {};
}

void FinishedJobs::keep_longer(std::uint16_t queue, base::milliseconds by) {
  if (queue >= queues_.size()) return;
  queues_[queue].visit_newest_first(0, [&](std::uint64_t, JobSlot job) {
    auto& due = table_.at(table_.handle(job)).due;
    due = due.get() + by;
    return true;
  });
}

std::optional<JobHandle> FinishedJobs::next_to_forget(base::SteadyTime now) const {
  const bool too_many = jobs_ > limits_.jobs || bytes_ > limits_.bytes;
  std::optional<JobSlot> oldest;
  auto ticket_of_oldest = last_ticket_ + 1;
  for (const auto& queue : queues_) {
    if (queue.empty()) continue;
    const Record& first = front_of(queue);
    if (first.due.get() <= now) return table_.handle(queue.front());
    const auto ticket = first.ticket.get(last_ticket_);
    if (!too_many || ticket >= ticket_of_oldest) continue;
    oldest = queue.front();
    ticket_of_oldest = ticket;
  }
  return oldest ? std::optional(table_.handle(*oldest)) : std::nullopt;
}

std::optional<base::SteadyTime> FinishedJobs::next_expiry() const {
  std::optional<base::SteadyTime> next;
  for (const auto& queue : queues_)
    if (!queue.empty()) next = earlier(next, front_of(queue).due.get());
  return next;
}

}  // namespace jobqd::stores::embedded
