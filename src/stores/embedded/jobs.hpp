#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include <jobqd/domain/lifecycle.hpp>
#include <jobqd/engine/claims.hpp>
#include <jobqd/stores/embedded_store.hpp>

#include "stores/embedded/burst_end.hpp"
#include "stores/embedded/calendar.hpp"
#include "stores/embedded/due_queue.hpp"
#include "stores/embedded/effects.hpp"
#include "stores/embedded/finished_jobs.hpp"
#include "stores/embedded/job_table.hpp"
#include "stores/embedded/payloads.hpp"
#include "stores/embedded/queue.hpp"
#include "stores/embedded/watches.hpp"
#include "stores/journal/journal.hpp"

namespace jobqd::stores::embedded {

/// Every job and its place. A job is in exactly one place, by its status: queued in the ready queue or
/// among the due times, running in neither (except that its timeout is among the due times), finished among
/// the finished jobs. Each function takes a job through one step and leaves table, queue, places, counts, due
/// times and journal in agreement.
///
/// Not thread-safe: the store's lock guards all of it. `journal` outlives this object.
class Jobs {
 public:
  Jobs(const EmbeddedOptions& options, journal::Journal& journal);

  struct Found {
    JobHandle handle;
    Record* record = nullptr;
  };

  /// Jobs that are not acknowledged yet are not found. Errors: job_not_found.
  engine::Expected<Found> find(std::string_view id);

  // Coming in: admitted, made durable, then acknowledged or withdrawn.

  /// A new job takes its number. It holds a place already, and is neither visible nor runnable yet.
  JobHandle admit(Record record);
  /// The job becomes ready, or waits for its time.
  void enter(Effects& effects, JobHandle job);
  /// Removes a job that is not running, as if it had never been submitted; its place is free again. Nothing,
  /// if it was forgotten meanwhile.
  void withdraw(Effects& effects, JobHandle job);
  /// A job of an earlier run, with its number. Not in any place yet.
  JobHandle restore(Record record);

  // Running.

  /// What put_back() needs to undo a start: when it was, and what the job knew before.
  struct Start {
    base::SteadyTime at;
    PackedWall earlier_run_at;
    PackedWall earlier_started_at;
  };

  /// Queued to running. The job was popped from the ready queue of its queue. `lease`: its terms, if a remote
  /// worker starts it, otherwise null.
  Start start(Effects& effects, JobHandle job, engine::FencingToken token, const engine::LeaseTerms* lease);
  /// Running to queued, ready at once, behind all others of its priority.
  void requeue(Effects& effects, JobHandle job, domain::Progress progress);
  /// Running to queued, after a wait.
  void requeue_after(Effects& effects, JobHandle job, domain::Progress progress, base::milliseconds wait);
  /// Running to queued, as if it had not started: to the place that it had, with the times that it had.
  void put_back(Effects& effects, JobHandle job, domain::Progress progress, const Start& start);
  /// To done or failed, from running or, taken out of its queue, from queued.
  void finish(Effects& effects, JobHandle job, domain::Progress progress);
  /// A client has cancelled a running job: kept, so that a crash does not undo it. `lease` as for start().
  void request_cancel(Effects& effects, JobHandle job, const engine::LeaseTerms* lease);
  /// The timeout of a running job is over, or void.
  void drop_timeout(JobHandle job);

  // From outside.

  /// A queued job is cancelled. Errors: wrong_status.
  engine::Expected<void> cancel(Effects& effects, JobHandle job);
  /// A failed job is ready again. Errors: wrong_status.
  engine::Expected<void> retry(Effects& effects, JobHandle job);
  /// What becomes of the row of a job that is removed.
  enum class Row : std::uint8_t { erased, set_aside };
  /// A job that is not running is forgotten, and its watches end.
  void remove(Effects& effects, JobHandle job, Row row = Row::erased);

  // Time.

  /// A queued job has become due.
  void make_ready(Effects& effects, JobHandle job);
  /// A queued or restored job waits until `until`, or the timeout of a running one passes then.
  void wait_until(Effects& effects, JobHandle job, base::SteadyTime until);
  /// Forgets finished jobs whose retention is over. false: its budget ran out before its work.
  bool forget_expired(Effects& effects);
  /// How long finished jobs of a queue with these options are kept.
  [[nodiscard]] base::milliseconds retention(const engine::QueueOptions& options) const {
    return options.retention.value_or(retention_);
  }

  /// The job as clients see it at `now`, without its lease, and without its payload if that is on disk.
  [[nodiscard]] domain::Job describe(const Record& record, base::SteadyTime now) const;

  /// Hands the job's state to the journal. `lease`: the terms of a leased job; without them the journal keeps
  /// no lease.
  void keep(Effects& effects, Record& record, const engine::LeaseTerms* lease = nullptr);

  // The parts, for lookups.
  JobTable table;
  Queues queues;
  Payloads payloads;
  DueQueue due;
  Calendar calendar;
  FinishedJobs finished;
  Watches watches;
  BurstEnd burst_end{table, payloads};
  std::uint64_t last_number = 0;  ///< Of all jobs and rows so far.

 private:
  void set_progress(Queue& queue, Record& record, const domain::Progress& progress);
  void leave_queue(JobHandle job);
  void forget(Effects& effects, JobHandle job, Row row);

  const base::milliseconds retention_;
  journal::Journal& journal_;
};

/// Calls done(value) once everything that was decided so far is durable, or done(error) if it could not be
/// made durable now.
template <class T>
void answer_when_durable(Effects& effects, journal::Journal& journal, T value, engine::Callback<T> done) {
  journal.when_durable(
      [done = std::move(done), value = std::move(value)](std::expected<void, domain::Error> durable) mutable {
        if (durable)
          done(std::move(value));
        else
          done(std::unexpected(std::move(durable.error())));
      });
  effects.flush();
}

/// Calls done(job) once the job's present state is durable, so that a crash cannot undo what was reported.
/// While the disk is in trouble it calls done(job) anyway: an answer is better than none.
void answer_with(Effects& effects, journal::Journal& journal, const Record& record, domain::Job job,
                 engine::Callback<domain::Job> done);

}  // namespace jobqd::stores::embedded
