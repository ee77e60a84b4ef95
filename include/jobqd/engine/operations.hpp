#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/domain/circuit_breaker.hpp>
#include <jobqd/domain/job.hpp>
#include <jobqd/engine/callback.hpp>
#include <jobqd/engine/queue_counts.hpp>
#include <jobqd/engine/queue_options.hpp>

namespace jobqd::engine {

/// A page of jobs, newest first.
struct ListQuery {
  std::optional<std::string> queue = {};
  std::optional<domain::Status> status = {};
  std::size_t limit = 50;
  std::uint64_t before = 0;  ///< Only jobs older than this cursor; 0: from the newest.
  /// About how many bytes the jobs may take as JSON. The first job of a page may exceed it.
  std::size_t max_bytes = 4UL * 1024 * 1024;
  /// Jobs, whether or not they match; at most 10,000.
  std::size_t max_looked_at = 10'000;
};

struct JobPage {
  std::vector<domain::Job> jobs;
  /// Cursor of the next page; 0: this is the last. A page may be short and yet have a next.
  std::uint64_t next = 0;
  std::size_t bytes = 0;      ///< What max_bytes counts.
  std::size_t looked_at = 0;  ///< What max_looked_at counts.
};

/// How often something happened to jobs of a queue in the last minute.
struct LastMinute {
  std::uint64_t enqueued = 0;
  std::uint64_t started = 0;
  std::uint64_t done = 0;
  std::uint64_t failed = 0;  ///< Failed attempts, whether or not they were the last.
};

/// The state of a circuit breaker.
struct Circuit {
  domain::CircuitState state = domain::CircuitState::closed;
  std::uint32_t failures = 0;                        ///< Failed attempts in a row.
  std::optional<base::milliseconds> probes_in = {};  ///< Only if it is open.
};

/// The configuration and the present state of a queue.
/// Size: plain data: a member for each thing that is shown.
struct QueueState {
  std::string name;
  bool configured = true;         ///< false: it was removed, and only what is left of its jobs is shown.
  QueueProcessor processor = {};  ///< Nothing if it is not configured.
  std::size_t capacity = 0;       ///< Jobs that may wait before new ones are refused.
  std::optional<std::size_t> capacity_bytes = {};  ///< Of their ids and payloads; empty: any number.
  std::uint16_t max_retries = 0;
  std::optional<base::milliseconds> timeout = {};
  Counts counts = {};
  std::size_t queued_bytes = 0;  ///< What capacity_bytes bounds.
  bool paused = false;
  /// Why this process lacked the resources to run its jobs, in one line, if it did in the last seconds.
  std::string shortage = {};
  ReasonCounts queued = {};                             ///< They add up to the queued jobs.
  std::uint64_t ready = 0;                              ///< Queued jobs that are due, whatever they wait for.
  std::optional<base::milliseconds> oldest_ready = {};  ///< How long ago the oldest of them was enqueued.
  LastMinute last_minute = {};
  std::optional<Circuit> circuit = {};  ///< If the queue has one.
  /// How long the first of the jobs that are ready or wait for a remote worker has been due; 0: there is
  /// none.
  base::milliseconds due_since{0};
  /// About how long attempts ran lately. Empty: none has ended since the start.
  std::optional<std::chrono::microseconds> run_time = {};
};

/// What copy_counts() has copied.
struct CopiedCounts {
  std::size_t queues = 0;
  std::size_t next = 0;  ///< Where to go on; 0: these were the last.
};

/// Which failed jobs of a queue retry_all() takes.
struct RetryAll {
  std::string_view queue;
  /// Only those of this reason. Without it those that ended exhausted, rejected or interrupted: a cancelled
  /// job was stopped on purpose.
  std::optional<domain::Reason> reason = {};
  bool dry_run = false;  ///< Changes nothing and only counts.
};

/// Which jobs of a queue purge() takes.
struct Purge {
  std::string_view queue;
  domain::Status status = domain::Status::queued;  ///< Not running.
  bool dry_run = false;                            ///< Changes nothing and only counts.
};

/// Names one waiting watch(), for unwatch().
using WatchId = std::uint64_t;

/// Reading jobs and queues, and changing them from outside: the calls of operators and of clients that are
/// neither producers nor workers.
///
/// Thread-safe; never blocks. Calls that take time complete through their callback, and what a callback
/// reports is as durable as the store promises.
class Operations {
 public:
  virtual ~Operations() = default;

  /// Errors: job_not_found.
  virtual void find(std::string_view id, Callback<domain::Job> done) = 0;

  /// Completes once the job is done or failed. Errors: job_not_found, also when it is removed meanwhile.
  /// The returned id ends the wait through unwatch(); 0 when it completed at once.
  virtual WatchId watch(std::string_view id, Callback<domain::Job> done) = 0;

  /// Forgets the watch; false when it has completed or is completing.
  virtual bool unwatch(WatchId watch) = 0;

  virtual void list(const ListQuery& query, Callback<JobPage> done) = 0;

  /// A queued job fails with reason cancelled. A running one is asked to stop, and fails once it has. Errors:
  /// job_not_found, wrong_status.
  virtual void cancel(std::string_view id, Callback<domain::Job> done) = 0;

  /// A failed job is queued again with a fresh budget; takes a place even in a full queue.
  /// Errors: job_not_found, wrong_status.
  virtual void retry(std::string_view id, Callback<domain::Job> done) = 0;

  /// Forgets a job that is not running, and its id. Errors: job_not_found, wrong_status.
  virtual void remove(std::string_view id, Callback<void> done) = 0;

  /// A paused queue accepts jobs and starts none; running jobs go on. The pause is as durable as a job.
  /// Errors: queue_not_found.
  virtual void set_paused(std::string_view queue, bool paused, Callback<void> done) = 0;

  /// Does what retry() does for all those jobs, and reports their number. tick() does the work in small
  /// steps; jobs that come after the call are left alone. Errors: queue_not_found.
  virtual void retry_all(const RetryAll& which, Callback<std::uint64_t> done) = 0;

  /// Does what remove() does for all those jobs. Otherwise like retry_all().
  virtual void purge(const Purge& which, Callback<std::uint64_t> done) = 0;

  /// Adds a queue, or changes the options of the queue of this name; jobs that have already taken theirs from
  /// it keep them. A queue that was removed gets back what is left of its jobs. If there are fewer places
  /// than are taken, only new jobs are refused. false: there can be no more queues (65,536, the removed ones
  /// among them that have jobs).
  virtual bool configure(const QueueOptions& options) = 0;

  /// Removes a queue: it takes no jobs and starts none. What is left of its jobs stays, with the reason
  /// no_queue; running ones go on. The other calls find the queue as long as it has jobs. false: there is no
  /// such queue.
  virtual bool remove_queue(std::string_view name) = 0;

  /// All queues together.
  [[nodiscard]] virtual Counts counts() const = 0;

  /// All queues, first those that the store was opened with, in their order. Among them are removed ones that
  /// have jobs.
  [[nodiscard]] virtual std::vector<QueueState> queues() const = 0;

  /// One of them. Takes the same short time however many queues and jobs there are.
  [[nodiscard]] virtual std::optional<QueueState> queue(std::string_view name) const = 0;

  /// Copies the figures of some of them, from position `from` on (0: the first). They are of one moment, and
  /// so few that everything else goes on: at most 64 queues, whatever the room. A queue that comes or goes
  /// between two calls may be missed.
  virtual CopiedCounts copy_counts(std::size_t from, std::span<QueueCounts> into) const = 0;

  /// Why no change can be accepted at present; empty if all is well.
  [[nodiscard]] virtual std::string trouble() const = 0;
};

}  // namespace jobqd::engine
