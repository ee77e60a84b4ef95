#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include <jobqd/base/minute_counter.hpp>
#include <jobqd/engine/store.hpp>
#include <jobqd/stores/embedded_store.hpp>

#include "stores/embedded/channel.hpp"
#include "stores/embedded/due_queue.hpp"
#include "stores/embedded/job_table.hpp"
#include "stores/journal/journal.hpp"

namespace jobqd::stores::embedded {

/// The state map is the authority; channels and due queue say what runs next; the journal keeps it all.
///
/// One lock guards every decision. Nothing foreign is called under it: a Turn holds the lock and collects
/// what has to be called once it is released. Starts no thread; the same calls at the same times give the
/// same decisions.
class EmbeddedStore final : public engine::Store {
 public:
  EmbeddedStore(EmbeddedOptions options, const base::Clock& clock, DueChanged due_changed,
                std::unique_ptr<journal::Journal> journal);
  ~EmbeddedStore() override;

  void submit(std::vector<domain::NewJob> jobs,
              engine::Callback<std::vector<engine::Submitted>> done) override;
  std::optional<engine::Claim> claim(std::string_view queue, std::stop_token stop) override;
  bool settle(const engine::Claim& claim, engine::Resolution resolution) override;
  engine::WaitId lease(engine::LeaseRequest request,
                       engine::Callback<std::vector<engine::Lease>> done) override;
  bool unlease(engine::WaitId wait) override;
  void extend(std::string_view id, engine::FencingToken token, base::milliseconds duration,
              engine::Callback<engine::Extension> done) override;
  void find_lease(std::string_view id, engine::FencingToken token,
                  engine::Callback<engine::Claim> done) override;
  void listen_to_leases(engine::LeaseListener* listener) override;
  void sync(engine::Callback<void> done) override;
  void find(std::string_view id, engine::Callback<domain::Job> done) override;
  engine::WatchId watch(std::string_view id, engine::Callback<domain::Job> done) override;
  bool unwatch(engine::WatchId watch) override;
  void list(const engine::ListQuery& query, engine::Callback<engine::JobPage> done) override;
  void cancel(std::string_view id, engine::Callback<domain::Job> done) override;
  void retry(std::string_view id, engine::Callback<domain::Job> done) override;
  void remove(std::string_view id, engine::Callback<void> done) override;
  void set_paused(std::string_view queue, bool paused, engine::Callback<void> done) override;
  void retry_all(std::string_view queue, engine::Callback<std::uint64_t> done) override;
  void purge(std::string_view queue, engine::Callback<std::uint64_t> done) override;
  bool configure(const engine::QueueOptions& options) override;
  engine::Counts counts() const override;
  std::vector<engine::QueueState> queues() const override;
  std::optional<base::SteadyTime> next_start() const override;
  std::string trouble() const override;
  std::optional<base::SteadyTime> tick(base::Now now) override;
  void stop_admission() override;
  void stop_claims() override;
  void stop_attempts() override;

  /// Takes in one job of an earlier run: queued and delayed ones go on, a running one was interrupted,
  /// finished ones are kept. Returns what makes going on impossible, in one line. Before anything else is
  /// called.
  std::string restore(journal::StoredJob stored, Recovery& recovery);

  /// A queue that was paused; one that is not configured any more is passed over.
  void restore_paused(std::string_view queue);

  /// Once, after the last restore(). Tokens continue from `first_token`.
  void finish_restore(engine::FencingToken first_token);

 private:
  class Turn;

  struct Queue {
    explicit Queue(QueueOptions queue_options)
        : options(std::move(queue_options)),
          channel(options.capacity),
          limiter(options.rate),
          breaker(options.circuit) {}
    QueueOptions options;
    Channel<engine::JobHandle> channel;
    engine::Counts counts;
    domain::RateLimiter limiter;
    domain::CircuitBreaker breaker;
    base::MinuteCounter enqueued, started, done, failed;
    KeyedFifo<engine::JobHandle> finished;  ///< By their end.
    bool paused = false;
    bool waits = false;  ///< For next_start().

    /// What its rate and its circuit breaker allow.
    [[nodiscard]] base::SteadyTime next_start() const { return std::max(limiter.next(), breaker.next()); }
    [[nodiscard]] bool limits_starts() const { return options.rate.limits() || options.circuit.applies(); }
    void hold_if_needed() { channel.hold(paused || waits); }
  };

  /// One retry_all() or purge() under way, from the newest job to the oldest.
  struct Sweep {
    std::uint16_t queue;
    domain::Status status;     ///< Of the jobs it is about: failed ones are retried, queued ones removed.
    std::uint64_t before = 0;  ///< Only jobs older than this are left; 0: all.
    std::uint64_t count = 0;
    engine::Callback<std::uint64_t> done;
  };

  /// What a running job has besides when a worker elsewhere has it.
  struct Leased {
    base::SteadyTime expires;  ///< Epoch: it is not among the expiries_ any more.
    std::string worker;
  };

  /// A lease() that found no job ready.
  struct Waiting {
    engine::WaitId id;
    engine::LeaseRequest request;
    engine::Callback<std::vector<engine::Lease>> done;
  };

  /// One job of a submission: made by it, or there before.
  struct Admitted {
    engine::JobHandle handle;
    std::string id;
    bool created;
    std::optional<domain::Status> found = {};  ///< Where it was there before, and acknowledged.
  };
  using Admission = std::vector<Admitted>;

  // Submitting
  engine::Expected<Admission> admit(std::vector<domain::NewJob>& jobs, base::Now now);
  engine::Expected<Admitted> admit_one(domain::NewJob& job, base::Now now);
  engine::Expected<void> reserve_places(const Admission& admission);
  Record make_record(const domain::NewJob& job, std::uint64_t fingerprint, std::uint16_t queue,
                     base::Now now);
  void acknowledge(Turn& turn, const Admission& admission);
  void withdraw(const Admission& admission);
  engine::Expected<std::vector<engine::Submitted>> submitted(Admission admission);

  // The life of one job; each leaves record, queues and counts in step.
  std::uint64_t& count_of(const Record& record);
  void set_progress(Record& record, domain::Progress progress);
  void make_ready(engine::JobHandle handle, Record& record);
  base::SteadyTime due_at(base::Now now, base::WallTime time);
  void wait_until(Turn& turn, engine::JobHandle handle, Record& record, base::SteadyTime due);
  engine::Claim start(Turn& turn, engine::JobHandle handle, Record& record);
  /// The claim that the running job was started with, but for the payload.
  [[nodiscard]] engine::Claim claim_of(engine::JobHandle handle, const Record& record) const;
  /// Whether the queue may start a job now, by its pauses, its rate and its circuit breaker; then it does.
  bool may_start(Turn& turn, Queue& queue);
  void apply(Turn& turn, engine::JobHandle handle, Record& record, engine::Resolution resolution);
  [[nodiscard]] std::uint32_t interruptions_max(const Record& record) const;
  void apply_interruption(Turn& turn, engine::JobHandle handle, Record& record);
  /// Sees by when the queue may start its next job, and holds it until then.
  static void pace(Turn& turn, Queue& queue);
  void note_end(Turn& turn, Queue& queue, const engine::Resolution& resolution);
  [[nodiscard]] base::milliseconds retention(const Record& record) const;
  void keep_finished(engine::JobHandle handle, Record& record, base::SteadyTime until);
  /// A finished job that has to go at `now`; none when all may stay.
  [[nodiscard]] std::optional<engine::JobHandle> next_to_forget(base::SteadyTime now) const;
  void finish(Turn& turn, engine::JobHandle handle, Record& record, domain::Progress progress);
  void take_out_of_waiting(engine::JobHandle handle, Record& record);
  void take_out_of_finished(Record& record);
  void forget(engine::JobHandle handle, Record& record);
  void retry_one(Turn& turn, engine::JobHandle handle, Record& record, domain::Progress progress);
  void remove_one(Turn& turn, engine::JobHandle handle, Record& record);

  void resume(Turn& turn, engine::JobHandle handle, Record& record, Recovery& recovery);

  // Leases
  [[nodiscard]] std::vector<engine::Lease> grant(Turn& turn, Queue& queue,
                                                 const engine::LeaseRequest& request);
  engine::Lease start_lease(Turn& turn, engine::JobHandle handle, Record& record,
                            const engine::LeaseRequest& request);
  /// What a Turn does last: whoever waits for a job of a queue that can start one gets it.
  void serve_waiting(Turn& turn);
  void end_waiting(Turn& turn);
  void set_expiry(Turn& turn, engine::JobHandle handle, const Record& record, base::SteadyTime expires);
  /// Whether there was one; then it is no more.
  bool drop_lease(engine::JobHandle handle, const Record& record);
  /// Ends a lease as an interruption.
  void end_lease(Turn& turn, engine::JobHandle handle, Record& record);
  void time_out(Turn& turn, engine::JobHandle handle, Record& record);

  // Finding
  struct Found {
    engine::JobHandle handle;
    Record* record;
  };
  engine::Expected<Found> find_job(std::string_view id);
  /// The job of a lease that lasts. Errors: job_not_found, lease_lost.
  engine::Expected<Found> find_leased(std::string_view id, engine::FencingToken token);
  /// As find_job(), but refuses while the journal cannot be written.
  engine::Expected<Found> find_job_to_change(std::string_view id);
  static domain::Error unavailable(std::string why);
  static domain::Error no_such_queue(std::string_view name);
  /// Errors: queue_not_found, store_unavailable.
  engine::Expected<std::uint16_t> find_queue_to_change(std::string_view name) const;
  void begin_sweep(std::string_view queue, domain::Status status, engine::Callback<std::uint64_t> done);
  std::optional<std::uint16_t> queue_index(std::string_view name) const;
  domain::Job to_job(const Record& record) const;
  std::vector<engine::Callback<domain::Job>> take_watches(engine::JobHandle handle);

  /// Calls done(error) once the lock is released.
  template <class T>
  static void answer(Turn& turn, engine::Callback<T> done, domain::Error error);

  /// Calls done(job) once its present state is durable: what is told must not be taken back by a crash. Where
  /// the disk is in trouble, telling is better than not.
  void tell(Turn& turn, const Record& record, engine::Callback<domain::Job> done);

  /// As tell(), for what a client has changed: an error where it could not be made durable now.
  void answer_when_durable(Turn& turn, const Record& record, engine::Callback<domain::Job> done);

  // Duties of tick(); each false when its budget ran out before its work.
  bool work_off_due(Turn& turn);
  bool work_off_leases(Turn& turn);
  bool work_off_retention(Turn& turn);
  bool work_off_sweeps(Turn& turn);
  /// Lets queues go on whose rate or circuit breaker allows it; when the next one can, if any waits.
  std::optional<base::SteadyTime> work_off_pace(base::SteadyTime now);
  /// When the next finished job goes by its age.
  [[nodiscard]] std::optional<base::SteadyTime> next_expiry() const;

  const EmbeddedOptions options_;
  const base::Clock& clock_;
  const DueChanged due_changed_;

  mutable std::mutex mutex_;
  JobTable table_;
  std::deque<Queue> queues_;
  DueQueue due_;
  base::Now clocks_{};        ///< How the calendar and the steady clock stand to each other.
  std::size_t finished_ = 0;  ///< Jobs, of all queues.
  std::size_t finished_bytes_ = 0;
  std::vector<engine::JobHandle> restored_finished_;  ///< Between restore() and finish_restore().
  std::unordered_map<engine::JobHandle, std::shared_ptr<engine::StopSignal>> running_;
  std::unordered_map<engine::JobHandle, Leased> leased_;  ///< Of the running ones.
  DueQueue expiries_;                                     ///< Of leased_.
  std::map<std::uint16_t, std::deque<Waiting>> waiting_;  ///< By queue; none is empty.
  engine::LeaseListener* lease_listener_ = nullptr;
  engine::WaitId last_wait_ = 0;
  std::multimap<engine::JobHandle, std::pair<engine::WatchId, engine::Callback<domain::Job>>> watches_;
  std::deque<Sweep> sweeps_;
  std::uint64_t last_number_ = 0;
  std::uint64_t last_finished_ = 0;
  engine::FencingToken last_token_ = 0;
  engine::WatchId last_watch_ = 0;
  base::SteadyTime next_tick_ = base::SteadyTime::max();  ///< What tick() or due_changed_ last asked for.
  bool admitting_ = true;
  bool claiming_ = true;

  /// Last: its thread, where it has one, calls back into the rest.
  std::unique_ptr<journal::Journal> journal_;
};

}  // namespace jobqd::stores::embedded
