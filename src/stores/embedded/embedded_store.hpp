#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jobqd/base/mutex.hpp>
#include <jobqd/engine/store.hpp>
#include <jobqd/stores/embedded_store.hpp>

#include "stores/embedded/admission.hpp"
#include "stores/embedded/attempts.hpp"
#include "stores/embedded/jobs.hpp"
#include "stores/embedded/restore_progress.hpp"
#include "stores/embedded/sweeps.hpp"
#include "stores/embedded/waiting_claims.hpp"
#include "stores/journal/journal.hpp"
#include "stores/journal/stored_job.hpp"

namespace jobqd::stores::embedded {

/// The only store: the state map in memory is the authority, and a journal keeps it across restarts.
///
/// Size: a function for each step of a call that needs the lock and more than one of its parts.
///
/// This class has the lock and the order of calls; its parts, which have no locks, decide what a call means.
/// No foreign code is called under the lock: a Turn holds it and collects the calls to make once it is
/// released. Starts no thread. The same calls at the same times, with the same random numbers,
/// give the same decisions.
class EmbeddedStore final : public engine::Store {
 public:
  EmbeddedStore(const EmbeddedOptions& options, Surroundings around,
                std::unique_ptr<journal::Journal> journal);
  ~EmbeddedStore() override;

  void submit(std::vector<domain::NewJob> jobs,
              engine::Callback<std::vector<engine::Submitted>> done) override;

  bool claim(engine::ClaimRequest request, engine::Callback<std::vector<engine::Claim>> done) override;
  bool withdraw(engine::WaitId wait_id) override;
  void settle(std::string_view id, engine::FencingToken token, engine::Outcome outcome,
              engine::Settler settler, engine::Callback<engine::Resolution> done) override;
  std::optional<engine::Claim> settle_and_claim(
      std::string_view id, engine::FencingToken token, engine::Outcome outcome,
      engine::Callback<engine::Resolution> settled, engine::ClaimRequest request,
      engine::Callback<std::vector<engine::Claim>> claimed) override;
  void extend(std::string_view id, engine::FencingToken token, base::milliseconds duration,
              engine::Callback<engine::Extension> done) override;

  void find(std::string_view id, engine::Callback<domain::Job> done) override;
  engine::WatchId watch(std::string_view id, engine::Callback<domain::Job> done) override;
  bool unwatch(engine::WatchId watch) override;
  void list(const engine::ListQuery& query, engine::Callback<engine::JobPage> done) override;
  void cancel(std::string_view id, engine::Callback<domain::Job> done) override;
  void retry(std::string_view id, engine::Callback<domain::Job> done) override;
  void remove(std::string_view id, engine::Callback<void> done) override;
  void set_paused(std::string_view name, bool paused, engine::Callback<void> done) override;
  void retry_all(const engine::RetryAll& which, engine::Callback<std::uint64_t> done) override;
  void purge(const engine::Purge& which, engine::Callback<std::uint64_t> done) override;
  bool configure(const engine::QueueOptions& options) override;
  bool remove_queue(std::string_view name) override;
  engine::Counts counts() const override;
  std::vector<engine::QueueState> queues() const override;
  std::optional<engine::QueueState> queue(std::string_view name) const override;
  engine::CopiedCounts copy_counts(std::size_t from, std::span<engine::QueueCounts> into) const override;
  std::string trouble() const override;

  std::optional<base::SteadyTime> next_start() const override;
  std::optional<base::SteadyTime> tick(base::Now now) override;
  void stop_admission() override;
  void stop_claims() override;
  engine::AttemptCounts attempts() const override;
  void renew_leases() override;
  void stop_attempts() override;
  void end_leases() override;

  void start_committing() override { journal_->set_committer(std::this_thread::get_id()); }
  void stop_committing() override { journal_->set_committer({}); }
  engine::CommitStep next_commit() override { return journal_->next_commit(); }
  void commit() override { return journal_->commit(); }

  // Restoring, by one thread: begin_restore(), restore() for all jobs, then finish_restore(). Between them
  // trouble() says how far it has come, from any thread, and submissions and changes are refused for that
  // reason; the other calls have to wait until finish_restore() has returned.

  void begin_restore();

  /// Takes in jobs of an earlier run, by number: queued jobs go on, so do leases, unless the queue is
  /// configured and not remote any more; any other running job was interrupted, finished ones are kept. Jobs
  /// of a queue that is not configured are kept as those of a queue that was removed. `all`: how many jobs
  /// there are; 0 if that is not known. Returns the reason, in one line, if the store cannot be opened.
  std::string restore(std::vector<journal::StoredJob> jobs, std::uint64_t all, Recovery& recovery);

  /// Tokens continue from `first_token`. These queues are paused; one that is not configured is paused again
  /// when it is added.
  void finish_restore(engine::FencingToken first_token, const std::vector<std::string>& paused = {});

 private:
  class Turn;

  /// As Admission::admit(). Error, besides: out_of_memory.
  std::expected<Admission, Admission::Refusal> admit(std::vector<domain::NewJob>& jobs, base::Now now)
      JOBQD_REQUIRES(mutex_);

  /// A remote worker was waiting for the one job of a submission. The lease goes into the batch that the job
  /// is in, so that one commit answers both.
  struct LeaseAtOnce {
    JobHandle job;
    base::milliseconds duration{};
    std::vector<engine::Claim> claims;
    engine::Callback<std::vector<engine::Claim>> done;
  };

  void lease_at_once(Effects& effects, const Record& record, LeaseAtOnce& lease) JOBQD_REQUIRES(mutex_);
  /// The new jobs are durable, or refused. `lease` may be null.
  void complete(Admission admission, const std::shared_ptr<LeaseAtOnce>& lease,
                const std::expected<void, domain::Error>& durable,
                engine::Callback<std::vector<engine::Submitted>> done);

  /// `lease`: that of the job in the earlier run, if it had one.
  void resume(Effects& effects, JobHandle job, std::optional<journal::LeaseRow> lease, Recovery& recovery)
      JOBQD_REQUIRES(mutex_);

  /// What a claim comes to: an answer now, or later by its callback.
  struct ClaimResult {
    std::optional<engine::Expected<std::vector<engine::Claim>>> answer = {};
    bool waits =
        false;  ///< For a job. Otherwise an answer that comes later waits for its leases to be durable.
  };
  /// As the public call. Takes the callback only if the answer comes later: what can be answered now needs no
  /// allocation for its effects.
  ClaimResult claim(Effects& effects, engine::ClaimRequest& request,
                    engine::Callback<std::vector<engine::Claim>>& done) JOBQD_REQUIRES(mutex_);
  /// A job that is ready for a worker of this process, if no earlier claim waits.
  std::optional<engine::Claim> claim_ready(Effects& effects, std::string_view queue_name)
      JOBQD_REQUIRES(mutex_);
  /// As the public call, without the answer.
  engine::Expected<engine::Resolution> settle(Effects& effects, std::string_view id,
                                              engine::FencingToken token, engine::Outcome&& outcome,
                                              engine::Settler settler) JOBQD_REQUIRES(mutex_);

  std::vector<engine::Claim> grant(Effects& effects, std::uint16_t queue, std::size_t max_jobs,
                                   std::size_t max_bytes, const std::optional<engine::LeaseTerms>& lease)
      JOBQD_REQUIRES(mutex_);
  /// Completes a claim. One with leases waits until they are durable, because a remote worker acts on what
  /// it was answered, unless it is known that they are; where they cannot be made durable, the jobs go back
  /// uncounted. Reports leased attempts as started.
  void hand_out(Effects& effects, std::vector<engine::Claim> claims,
                engine::Callback<std::vector<engine::Claim>> done, bool is_durable = false);
  /// Whether claims may start jobs now. They wait while the journal is behind: attempts would make more and
  /// more rows than it writes.
  [[nodiscard]] bool starts_jobs() const JOBQD_REQUIRES(mutex_) {
    return claiming_ && !journal_->is_behind();
  }
  /// Whether changes of many jobs wait for the journal. Not while it is in trouble: a purge may end that.
  [[nodiscard]] bool sweeps_wait() const JOBQD_REQUIRES(mutex_) {
    return journal_->is_behind() && journal_->trouble().empty();
  }
  /// The journal is not behind any more.
  void go_on();

  /// Serves the claims that wait for a queue that may now be able to start jobs.
  void serve_waiting(Effects& effects) JOBQD_REQUIRES(mutex_);

  /// A job that was described without its payload.
  struct OnDisk {
    std::size_t position = 0;  ///< In its page.
    JobHandle job;
  };

  // Reading changes nothing, so it needs no Turn: where memory runs out, only this call fails, by throwing.

  /// The job, or that there is none; empty while its state is not durable yet. `done`: as with_payload().
  std::optional<engine::Expected<domain::Job>> read(std::string_view id, engine::Callback<domain::Job>& done);
  [[nodiscard]] engine::Expected<engine::JobPage> page_of(const engine::ListQuery& query,
                                                          std::vector<OnDisk>& on_disk) const;

  /// The job as clients see it at `now`, without its payload if that is on disk.
  [[nodiscard]] domain::Job describe(JobHandle job, base::Now now) const JOBQD_REQUIRES(mutex_);

  /// Calls `done` with the page once these payloads have been read into it, without those jobs that are not
  /// there any more. Without the lock. Errors: store_unavailable.
  void add_payloads(engine::JobPage page, std::vector<OnDisk> on_disk,
                    engine::Callback<engine::JobPage> done);
  /// Calls `done` with the job that it is called with, and with the job's payload, which may be on disk.
  /// Errors, besides its own: job_not_found, store_unavailable.
  engine::Callback<domain::Job> with_payload(JobHandle job, engine::Callback<domain::Job> done)
      JOBQD_REQUIRES(mutex_);
  /// Has payloads read and takes them in, then calls `then`. Without the lock. Errors: store_unavailable.
  void read_back(Payloads::Asked asked, engine::Callback<void> then);
  /// Those of these jobs that are still there have no sound rows.
  void set_aside(Effects& effects, const std::vector<JobHandle>& jobs) JOBQD_REQUIRES(mutex_);

  /// Gives a queue new options. The claims that wait for it and that it takes no longer are refused.
  void apply(Effects& effects, std::uint16_t index, const engine::QueueOptions& options, bool configured)
      JOBQD_REQUIRES(mutex_);
  /// Errors: job_not_found; store_unavailable while the journal cannot be written, or if the job is to be
  /// removed, while it takes no removals.
  engine::Expected<Jobs::Found> find_to_change(std::string_view id, bool removes = false)
      JOBQD_REQUIRES(mutex_);
  /// The same of a queue, whose jobs are to be removed perhaps. Errors: queue_not_found; store_unavailable.
  engine::Expected<std::uint16_t> find_queue_to_change(std::string_view name, bool removes = false) const
      JOBQD_REQUIRES(mutex_);
  /// The error while the journal takes no such change.
  engine::Expected<void> may_change(bool removes) const JOBQD_REQUIRES(mutex_);

  /// `sweep` without its queue and its beginning.
  void begin_sweep(std::string_view name, Sweep sweep);

  // Parts of tick(). false: the budget ran out before the work.
  bool run_due(Effects& effects) JOBQD_REQUIRES(mutex_);
  bool step_sweeps(Effects& effects) JOBQD_REQUIRES(mutex_);
  /// Resumes queues whose limits allow it. Returns when the next queue with ready jobs may start one, if any
  /// has to wait.
  std::optional<base::SteadyTime> open_gates(Effects& effects) JOBQD_REQUIRES(mutex_);

  const Surroundings around_;
  RestoreProgress restore_progress_;
  mutable base::Mutex mutex_;
  Jobs jobs_ JOBQD_GUARDED_BY(mutex_);
  Attempts attempts_ JOBQD_GUARDED_BY(mutex_);
  WaitingClaims waiting_ JOBQD_GUARDED_BY(mutex_);
  Sweeps sweeps_ JOBQD_GUARDED_BY(mutex_);
  std::vector<JobHandle> restored_finished_ JOBQD_GUARDED_BY(mutex_);  ///< Until finish_restore().
  /// When tick() will be called next, as far as the store knows.
  base::SteadyTime next_tick_ JOBQD_GUARDED_BY(mutex_) = base::SteadyTime::max();
  bool admitting_ JOBQD_GUARDED_BY(mutex_) = true;
  bool claiming_ JOBQD_GUARDED_BY(mutex_) = true;

  /// Has a lock of its own. Declared last, so destroyed first: its thread calls back into the rest.
  const std::unique_ptr<journal::Journal> journal_;
};

/// One decision: holds the store's lock and the time of the decision. Its destructor releases the lock and
/// carries out the effects of the decision. An exception that leaves it ends the process, because a change
/// may be half made.
class JOBQD_SCOPED_CAPABILITY EmbeddedStore::Turn {
 public:
  Turn(EmbeddedStore& store, base::Now now) JOBQD_ACQUIRE(store.mutex_);
  explicit Turn(EmbeddedStore& store) JOBQD_ACQUIRE(store.mutex_) : Turn(store, store.around_.clock.now()) {}
  ~Turn() JOBQD_RELEASE();

  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  EmbeddedStore& store_;
  const int exceptions_;  ///< How many were under way when it began.

 public:
  Effects effects;
};

}  // namespace jobqd::stores::embedded
