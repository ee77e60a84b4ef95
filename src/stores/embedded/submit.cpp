// How jobs come in: admitted, made durable, acknowledged.

#include <utility>

#include <boost/container/flat_map.hpp>
#include <boost/container/small_vector.hpp>
#include <fmt/format.h>

#include "stores/embedded/turn.hpp"

namespace jobqd::stores::embedded {

using domain::Error;
using domain::ErrorCode;

void EmbeddedStore::submit(std::vector<domain::NewJob> jobs,
                           engine::Callback<std::vector<engine::Submitted>> done) {
  Turn turn(*this);
  auto admission = admit(jobs, turn.now);
  if (!admission) return answer(turn, std::move(done), std::move(admission.error()));
  if (!journal_->keeps()) {
    acknowledge(turn, *admission);
    return turn.call([done = std::move(done), result = submitted(*std::move(admission))]() mutable {
      done(std::move(result));
    });
  }
  // Nearly every request brings one job.
  boost::container::small_vector<Record*, 1> created;
  boost::container::small_vector<journal::JobRow, 1> rows;
  rows.reserve(admission->size());
  for (const auto& job : *admission) {
    if (!job.created) continue;
    Record& record = *created.emplace_back(&table_.at(job.handle));
    rows.push_back(job_row(record, queues_[record.queue].options.name));
  }
  auto settled = [this, admission = *std::move(admission),
                  done = std::move(done)](std::expected<void, Error> durable) mutable {
    engine::Expected<std::vector<engine::Submitted>> result;
    {
      Turn later(*this);
      if (durable) {
        acknowledge(later, admission);
        result = submitted(std::move(admission));
      } else {
        withdraw(admission);
        result = std::unexpected(std::move(durable.error()));
      }
    }
    done(std::move(result));
  };
  if (created.empty()) {
    journal_->when_durable(std::move(settled));
  } else {
    const auto batch = journal_->insert({rows.data(), rows.size()}, std::move(settled));
    for (Record* record : created) record->batch = batch;
  }
  turn.flush();
}

engine::Expected<EmbeddedStore::Admission> EmbeddedStore::admit(std::vector<domain::NewJob>& jobs,
                                                                base::Now now) {
  if (!admitting_)
    return std::unexpected(
        Error{.code = ErrorCode::draining, .detail = "the daemon is stopping and takes no new jobs"});
  if (auto why = journal_->trouble(); !why.empty()) return std::unexpected(unavailable(std::move(why)));
  Admission admission;
  admission.reserve(jobs.size());
  const auto refuse = [&](Error error) {
    for (const auto& job : admission)
      if (job.created) table_.erase(job.handle);
    return std::unexpected(std::move(error));
  };
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    auto admitted = admit_one(jobs[i], now);
    if (!admitted) {
      Error error = std::move(admitted.error());
      for (auto& field : error.fields) field.pointer = fmt::format("/{}{}", i, field.pointer);
      return refuse(std::move(error));
    }
    admission.push_back(*std::move(admitted));
  }
  if (auto reserved = reserve_places(admission); !reserved) return refuse(std::move(reserved.error()));
  for (const auto& job : admission)
    if (job.created) ++count_of(table_.at(job.handle));
  return admission;
}

engine::Expected<EmbeddedStore::Admitted> EmbeddedStore::admit_one(domain::NewJob& job, base::Now now) {
  const auto queue = queue_index(job.queue);
  if (!queue) {
    Error error = no_such_queue(job.queue);
    error.fields = {{"/queue", "not a configured queue"}};
    return std::unexpected(std::move(error));
  }
  const auto fingerprint = domain::fingerprint(job);
  if (const auto handle = table_.find_id(job.id)) {
    const Record& record = table_.at(handle);
    if (record.fingerprint != fingerprint)
      return std::unexpected(Error{.code = ErrorCode::id_conflict,
                                   .detail = fmt::format("job \"{}\" exists with other content", job.id),
                                   .fields = {{"/id", "belongs to a job with other content"}}});
    return Admitted{.handle = handle,
                    .id = std::move(job.id),
                    .created = false,
                    .found = record.durable ? std::optional(record.progress.status) : std::nullopt};
  }
  const auto handle = table_.insert(make_record(job, fingerprint, *queue, now));
  return Admitted{.handle = handle, .id = std::move(job.id), .created = true};
}

engine::Expected<void> EmbeddedStore::reserve_places(const Admission& admission) {
  boost::container::small_flat_map<std::uint16_t, std::size_t, 4> wanted;
  for (const auto& job : admission)
    if (job.created) ++wanted[table_.at(job.handle).queue];
  for (auto it = wanted.begin(); it != wanted.end(); ++it) {
    auto& queue = queues_[it->first];
    const auto& name = queue.options.name;
    const auto capacity = queue.options.capacity;
    if (queue.channel.try_reserve(it->second)) continue;
    for (auto taken = wanted.begin(); taken != it; ++taken)
      queues_[taken->first].channel.release(taken->second);
    if (it->second > capacity)
      return std::unexpected(
          Error{.code = ErrorCode::invalid_field,
                .detail = fmt::format("{} jobs can never fit queue \"{}\", which has {} places", it->second,
                                      name, capacity),
                .fields = {{"", fmt::format("at most {} jobs for this queue", capacity)}}});
    return std::unexpected(
        Error{.code = ErrorCode::queue_full,
              .detail = fmt::format("queue \"{}\" has {} places and no room for {} more job{}", name,
                                    capacity, it->second, it->second == 1 ? "" : "s")});
  }
  return {};
}

Record EmbeddedStore::make_record(const domain::NewJob& job, std::uint64_t fingerprint, std::uint16_t queue,
                                  base::Now now) {
  Record record;
  record.content = journal::JobBytes(job.id, job.payload, job.traceparent);
  record.number = ++last_number_;
  record.fingerprint = fingerprint;
  record.enqueued_at = now.wall;
  record.queue = queue;
  record.priority = job.priority;
  record.max_retries = job.max_retries.value_or(queues_[queue].options.max_retries);
  record.timeout_ms =
      static_cast<std::uint32_t>(job.timeout.value_or(queues_[queue].options.timeout).count());
  const auto run_at = job.run_at.value_or(now.wall + job.delay.value_or(base::milliseconds{0}));
  if (run_at > now.wall) {
    record.run_at = run_at;
    record.due = job.run_at ? due_at(now, run_at) : now.steady + *job.delay;
    record.progress.reason = domain::Reason::delayed;
  }
  return record;
}

void EmbeddedStore::acknowledge(Turn& turn, const Admission& admission) {
  for (const auto& job : admission) {
    if (!job.created) continue;
    Record& record = table_.at(job.handle);
    record.durable = true;
    queues_[record.queue].enqueued.add(turn.now.steady);
    if (record.progress.reason == domain::Reason::delayed)
      wait_until(turn, job.handle, record, record.due);
    else
      make_ready(job.handle, record);
  }
}

void EmbeddedStore::withdraw(const Admission& admission) {
  for (const auto& job : admission) {
    if (!job.created) continue;
    const Record& record = table_.at(job.handle);
    queues_[record.queue].channel.release(1);
    --count_of(record);
    table_.erase(job.handle);
  }
}

engine::Expected<std::vector<engine::Submitted>> EmbeddedStore::submitted(Admission admission) {
  std::vector<engine::Submitted> answers;
  answers.reserve(admission.size());
  for (auto& job : admission) {
    const Record* record = table_.find(job.handle);
    const auto status = record != nullptr ? std::optional(record->progress.status) : job.found;
    if (!status)  // The request that made this job failed while this one waited.
      return std::unexpected(unavailable(fmt::format("job \"{}\" was not kept", job.id)));
    answers.push_back({.id = std::move(job.id), .status = *status, .created = job.created});
  }
  return answers;
}

}  // namespace jobqd::stores::embedded
