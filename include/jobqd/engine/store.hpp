#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <jobqd/domain/circuit_breaker.hpp>
#include <jobqd/domain/error.hpp>
#include <jobqd/domain/job.hpp>
#include <jobqd/engine/claim.hpp>
#include <jobqd/engine/lease.hpp>
#include <jobqd/engine/queue_options.hpp>
#include <jobqd/engine/resolution.hpp>

namespace jobqd::engine {

template <class T>
using Expected = std::expected<T, domain::Error>;

/// Called exactly once, on any thread, possibly before the call that took it returns; never under a lock of
/// the store.
template <class T>
using Callback = std::move_only_function<void(Expected<T>)>;

/// What became of one job of a submission.
struct Submitted {
  std::string id;
  domain::Status status = domain::Status::queued;
  bool created = true;  ///< false: the same job was there already.
};

/// A page of jobs, newest first.
struct ListQuery {
  std::optional<std::string> queue = {};
  std::optional<domain::Status> status = {};
  std::size_t limit = 50;
  std::uint64_t before = 0;  ///< Only jobs older than this cursor; 0: from the newest.
};

struct JobPage {
  std::vector<domain::Job> jobs;
  std::uint64_t next =
      0;  ///< Cursor of the next page; 0: this is the last. A page may be short and yet have a next.
};

/// How many jobs have which status, indexed by domain::Status.
struct Counts {
  std::array<std::uint64_t, domain::status_count> by_status{};
  [[nodiscard]] std::uint64_t of(domain::Status status) const {
    return by_status.at(static_cast<std::size_t>(status));
  }
};

/// How often something happened to jobs of a queue in the last minute.
struct LastMinute {
  std::uint64_t enqueued = 0;
  std::uint64_t started = 0;
  std::uint64_t done = 0;
  std::uint64_t failed = 0;  ///< Attempts, whether or not they were the last.
};

/// How a circuit breaker stands.
struct Circuit {
  domain::CircuitState state = domain::CircuitState::closed;
  std::uint32_t failures = 0;                        ///< In a row.
  std::optional<base::milliseconds> probes_in = {};  ///< Where it is open.
};

/// A queue as it is set up and as it stands.
struct QueueState {
  std::string name;
  std::size_t capacity = 0;  ///< Jobs that may wait before new ones are refused.
  std::uint16_t max_retries = 0;
  std::optional<base::milliseconds> timeout = {};
  Counts counts = {};
  bool paused = false;
  std::uint64_t ready =
      0;  ///< Of the queued ones: wait for a worker, or for the end of a pause, and for nothing else.
  std::optional<base::milliseconds> oldest_ready = {};  ///< How long ago the oldest of them was enqueued.
  LastMinute last_minute = {};
  std::optional<Circuit> circuit = {};  ///< Where the queue has one.
};

/// Names one waiting watch(), for unwatch().
using WatchId = std::uint64_t;

/// Where jobs live and how they change.
///
/// Thread-safe. Nothing here blocks but claim(): what takes time completes through its callback, and what a
/// callback tells is as durable as the store promises. No method assumes that this process is the store's
/// only user.
class Store {
 public:
  virtual ~Store() = default;

  /// Takes all jobs or none; answers in the given order, as soon as all are as durable as the store promises.
  /// Errors: id_conflict, queue_full, queue_not_found, draining, store_unavailable; pointers begin with the
  /// place in `jobs`.
  virtual void submit(std::vector<domain::NewJob> jobs, Callback<std::vector<Submitted>> done) = 0;

  /// Waits until a job of the queue is ready and starts it. Empty when `stop` is requested or claims are
  /// closed.
  [[nodiscard]] virtual std::optional<Claim> claim(std::string_view queue, std::stop_token stop) = 0;

  /// Ends an attempt. false: the claim's token is no longer the job's, and nothing was changed.
  virtual bool settle(const Claim& claim, Resolution resolution) = 0;

  /// Starts up to max_jobs jobs of the queue for a worker elsewhere, as soon as at least one is ready: now,
  /// or after those who asked before. Completes with none once claims are closed. Errors: queue_not_found.
  /// The returned id ends the wait through unlease(); 0 when it completed at once.
  virtual WaitId lease(LeaseRequest request, Callback<std::vector<Lease>> done) = 0;

  /// Forgets the wait; false when it has completed or is completing.
  virtual bool unlease(WaitId wait) = 0;

  /// The lease lasts for `duration` from now. Errors: job_not_found, and lease_lost where the token is not
  /// that of a lease of this job which lasts.
  virtual void extend(std::string_view id, FencingToken token, base::milliseconds duration,
                      Callback<Extension> done) = 0;

  /// The claim of a lease, to settle it. Errors as extend().
  virtual void find_lease(std::string_view id, FencingToken token, Callback<Claim> done) = 0;

  /// Who is told of leases that end by themselves; null: nobody. Outlives the store, or takes itself back.
  virtual void listen_to_leases(LeaseListener* listener) = 0;

  /// Completes once all that was decided before is as durable as the store promises. Errors:
  /// store_unavailable, when it could not be made so now.
  virtual void sync(Callback<void> done) = 0;

  /// Errors: job_not_found.
  virtual void find(std::string_view id, Callback<domain::Job> done) = 0;

  /// Completes once the job is done or failed. Errors: job_not_found, also when it is removed meanwhile.
  /// The returned id ends the wait through unwatch(); 0 when it completed at once.
  virtual WatchId watch(std::string_view id, Callback<domain::Job> done) = 0;

  /// Forgets the watch; false when it has completed or is completing.
  virtual bool unwatch(WatchId watch) = 0;

  virtual void list(const ListQuery& query, Callback<JobPage> done) = 0;

  /// Queued: failed with reason cancelled. Running: asked to stop, and failed once it did. Errors:
  /// job_not_found, wrong_status.
  virtual void cancel(std::string_view id, Callback<domain::Job> done) = 0;

  /// A failed job is queued again with a fresh budget; takes a place even in a full queue.
  /// Errors: job_not_found, wrong_status.
  virtual void retry(std::string_view id, Callback<domain::Job> done) = 0;

  /// Forgets a job that is not running, and its id. Errors: job_not_found, wrong_status.
  virtual void remove(std::string_view id, Callback<void> done) = 0;

  /// A paused queue accepts jobs and starts none; those that run go on. As durable as a job. Errors:
  /// queue_not_found.
  virtual void set_paused(std::string_view queue, bool paused, Callback<void> done) = 0;

  /// As retry() for every failed job of the queue; tells how many there were. The work is done by tick(), bit
  /// by bit. Errors: queue_not_found.
  virtual void retry_all(std::string_view queue, Callback<std::uint64_t> done) = 0;

  /// As remove() for every queued job of the queue; as retry_all().
  virtual void purge(std::string_view queue, Callback<std::uint64_t> done) = 0;

  /// The queue of this name goes by these options from now on; jobs that have taken theirs from it keep them.
  /// Fewer places than are taken only keep new jobs out. false: there is no such queue.
  virtual bool configure(const QueueOptions& options) = 0;

  /// All queues together.
  [[nodiscard]] virtual Counts counts() const = 0;

  /// All queues, in the order of the configuration.
  [[nodiscard]] virtual std::vector<QueueState> queues() const = 0;

  /// When the next queued job can start: in the past when one is ready now, empty when none is queued.
  [[nodiscard]] virtual std::optional<base::SteadyTime> next_start() const = 0;

  /// Why nothing can be accepted just now; empty when all is well.
  [[nodiscard]] virtual std::string trouble() const = 0;

  /// Does what is due at `now`: delayed and backed-off jobs become ready, attempts past their timeout are
  /// asked to stop, leases that ran out are interruptions, finished jobs past their retention go, retry_all()
  /// and purge() go on. Returns when it wants to be called next, if at all. One thread.
  virtual std::optional<base::SteadyTime> tick(base::Now now) = 0;

  /// Refuses new jobs from now on (draining). Everything else goes on.
  virtual void stop_admission() = 0;

  /// No job starts from now on: waiting claim() calls return empty, waiting lease() calls complete with none.
  virtual void stop_claims() = 0;

  /// Asks every running attempt to stop, as an interruption. Leases end at once.
  virtual void stop_attempts() = 0;
};

}  // namespace jobqd::engine
