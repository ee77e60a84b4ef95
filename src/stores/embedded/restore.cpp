// EmbeddedStore: restoring the jobs from the file.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "stores/embedded/embedded_store.hpp"
#include "stores/embedded/records.hpp"

namespace jobqd::stores::embedded {

using domain::Status;

void EmbeddedStore::begin_restore() {
  restore_progress_.begin(around_.clock.now());
}

std::string EmbeddedStore::restore(std::vector<journal::StoredJob> jobs, std::uint64_t all,
                                   Recovery& recovery) {
  {
    Turn turn(*this, restore_progress_.begun());
    for (auto& stored : jobs) {
      if (!jobs_.table.takes(stored.job.number) || !stored.sound || !fits(stored) ||
          jobs_.table.find_id(stored.job.content.id()) != JobHandle{}) {
        // New jobs come behind it, unless damage made the number so large that they would lack room for
        // theirs.
        if (jobs_.table.takes(stored.job.number, std::uint64_t{1} << 46))
          jobs_.last_number = std::max(jobs_.last_number, stored.job.number);
        recovery.set_aside.push_back(
            fmt::format("number {}, id \"{}\"", stored.job.number, stored.job.content.id()));
        continue;
      }
      const auto queue = jobs_.queues.find_or_add_removed(stored.job.queue);
      if (!queue) return "the file holds jobs of more than 65,536 queues";
      auto lease = stored.progress ? std::exchange(stored.progress->lease, {}) : std::nullopt;
      resume(turn.effects, jobs_.restore(record_of(std::move(stored), *queue, jobs_.table.histories())),
             std::move(lease), recovery);
    }
  }
  restore_progress_.add(jobs.size(), all);
  return {};
}

void EmbeddedStore::resume(Effects& effects, JobHandle job, std::optional<journal::LeaseRow> lease,
                           Recovery& recovery) {
  Record& record = jobs_.table.at(job);
  if (record.finished()) {
    ++recovery.finished;
    restored_finished_.push_back(job);
    return;
  }
  // The workers of a queue that was removed may still settle what they hold.
  const auto& queue = jobs_.queues[record.queue];
  if (record.status() == Status::running && lease && (queue.options.remote || !queue.configured)) {
    ++recovery.leased;
    attempts_.restore_lease(effects, job, *std::move(lease));
    return;
  }
  if (record.status() == Status::running) {
    ++recovery.interrupted;
    // One interruption too many ends it; jobs that end are taken in later, in the order of their ends.
    if (attempts_.survives_interruption(record))
      attempts_.end_interrupted(effects, job);
    else
      restored_finished_.push_back(job);
    return;
  }
  ++recovery.queued;
  jobs_.queues[record.queue].places.take_again(record.room());
  jobs_.payloads.begin_wait(record);
  // The steady clock began anew with this process, so the rest of a wait is measured on the calendar.
  if (record.reason() != domain::Reason::ready && record.run_at() > effects.now.wall)
    jobs_.wait_until(effects, job, jobs_.calendar.steady(effects.now, record.run_at()));
  else
    jobs_.make_ready(effects, job);
}

void EmbeddedStore::finish_restore(engine::FencingToken first_token, const std::vector<std::string>& paused) {
  Turn turn(*this);
  for (const auto& queue : paused)
    if (const auto index = jobs_.queues.find_or_add_removed(queue))
      jobs_.queues[*index].gate.set_paused(true);
  attempts_.continue_tokens(first_token);
  // Jobs come by number; retention wants them by their end.
  std::ranges::sort(restored_finished_, {}, [this](JobHandle job) JOBQD_REQUIRES(mutex_) {
    return jobs_.table.at(job).finished_at();
  });
  const auto restored = std::exchange(restored_finished_, {});
  for (const auto job : restored) {
    const Record& record = jobs_.table.at(job);
    if (!record.finished()) continue;
    const auto age = std::max(turn.effects.now.wall - record.finished_at(), base::milliseconds{0});
    jobs_.finished.add(job,
                       turn.effects.now.steady + jobs_.retention(jobs_.queues[record.queue].options) - age);
  }
  for (const auto job : restored)
    if (!jobs_.table.at(job).finished()) attempts_.end_interrupted(turn.effects, job);
  turn.effects.wants_tick(turn.effects.now.steady);
  turn.effects.flush();
  restore_progress_.end();
}

}  // namespace jobqd::stores::embedded
