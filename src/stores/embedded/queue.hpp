#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/iterator/indirect_iterator.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <jobqd/base/minute_counter.hpp>
#include <jobqd/engine/observer.hpp>
#include <jobqd/engine/operations.hpp>
#include <jobqd/engine/queue_options.hpp>

#include "stores/embedded/effects.hpp"
#include "stores/embedded/places.hpp"
#include "stores/embedded/queue_gate.hpp"
#include "stores/embedded/ready_queue.hpp"
#include "stores/embedded/remote_presence.hpp"
#include "stores/embedded/waiting_claims.hpp"

namespace jobqd::stores::embedded {

/// The limits that these options set to the room of a queue.
[[nodiscard]] inline Room room_of(const engine::QueueOptions& options) {
  return {.jobs = options.capacity, .bytes = options.capacity_bytes};
}

/// What Payloads counts for one queue.
struct PayloadCounts {
  std::size_t resident_bytes = 0;       ///< Of payloads of its jobs that wait, as they count.
  std::uint64_t on_disk = 0;            ///< Ready jobs whose payloads are on disk.
  std::uint32_t starts_until_look = 0;  ///< At the next ones.
};

/// What has happened to the jobs of a queue.
struct QueueFigures {
  /// Of attempts, on average: the latest 16 or so count most.
  alignas(64) std::optional<std::chrono::microseconds> run_time = {};
  engine::QueueTotals totals;
  base::MinuteCounter enqueued, started, done, failed;

  /// An attempt has ended, after so long.
  void attempt_ended(engine::AttemptOutcome outcome, std::chrono::nanoseconds ran);
};

/// One queue: its options, its places, its ready jobs, and what happened to its jobs. A queue that was
/// removed is kept as long as it has jobs or is paused.
///
/// Size: a member for each part of a queue and for each thing that is counted.
struct Queue {
  explicit Queue(engine::QueueOptions queue_options)
      : options(std::move(queue_options)), places(room_of(options)), gate(options.rate, options.circuit) {}

  engine::QueueOptions options;
  bool configured = true;  ///< false: it was removed.
  Places places;
  ReadyQueue ready;
  QueueGate gate;
  RemotePresence remote_workers;
  engine::Counts counts;          ///< Of its jobs that are acknowledged or leased.
  std::uint64_t backing_off = 0;  ///< Of the queued ones; the others that are not ready are delayed.
  QueueFigures figures;
  PayloadCounts payloads;

  /// A job of this queue has come into this state.
  void enter(domain::Status status, domain::Reason reason) { count(status, reason, 1); }
  /// A job of this queue has left this state.
  void leave(domain::Status status, domain::Reason reason) { count(status, reason, -1); }

  /// Whether it starts no job, however long a job waits.
  [[nodiscard]] bool is_shut() const {
    return !configured || !options.processor.fault.empty() || gate.paused();
  }

  /// What its jobs that are due wait for: the first of domain::queued_reasons that is true.
  [[nodiscard]] domain::Reason reason(base::SteadyTime now) const;

  /// The reason that clients see of a job with this progress.
  [[nodiscard]] domain::Reason reason_of(const domain::Progress& progress, base::SteadyTime now) const;

  [[nodiscard]] bool has_jobs() const;

 private:
  void count(domain::Status status, domain::Reason reason, int by) {
    counts.by_status[static_cast<std::size_t>(status)] += static_cast<std::uint64_t>(by);
    if (reason == domain::Reason::backoff) backing_off += static_cast<std::uint64_t>(by);
  }
};

/// Reports a change of the queue's circuit, if its state is no longer `before`.
void report_circuit(Effects& effects, engine::Observer& observer, const Queue& queue,
                    domain::CircuitState before);

/// The queues of a store, in the order of the configuration; those that are added later come behind. Not
/// thread-safe. A queue keeps its index as long as it is configured or has jobs.
class Queues {
 public:
  explicit Queues(const std::vector<engine::QueueOptions>& options);

  /// A queue that is configured.
  [[nodiscard]] std::optional<std::uint16_t> find(std::string_view name) const;

  /// A queue that is configured or was removed and has jobs.
  [[nodiscard]] std::optional<std::uint16_t> find_any(std::string_view name) const;

  /// The queue of this name, as it was left if it was removed; else a new one with these options. Empty:
  /// there are as many as there can be.
  std::optional<std::uint16_t> find_or_add(const engine::QueueOptions& options);

  /// As find_or_add(), for jobs of a queue that is not configured. A new one is as if it had been removed.
  std::optional<std::uint16_t> find_or_add_removed(std::string_view name);

  Queue& operator[](std::uint16_t index) { return *queues_[index]; }
  const Queue& operator[](std::uint16_t index) const { return *queues_[index]; }

  [[nodiscard]] auto begin() const { return boost::make_indirect_iterator(queues_.begin()); }
  [[nodiscard]] auto end() const { return boost::make_indirect_iterator(queues_.end()); }
  [[nodiscard]] std::size_t size() const { return queues_.size(); }

  /// The claim waits no longer: it was served, withdrawn or refused.
  void end_wait(const WaitingClaim& waiting, base::SteadyTime now) {
    if (waiting.lease) queues_[waiting.queue]->remote_workers.end(now);
  }

  /// All queues together.
  [[nodiscard]] engine::Counts counts() const;

 private:
  /// So that text can be looked up without a copy of it.
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  std::vector<std::unique_ptr<Queue>> queues_;  ///< Looked up several times for each job.
  boost::unordered_flat_map<std::string, std::uint16_t, Hash, std::equal_to<>> indices_;  ///< By the name.
  mutable std::uint16_t latest_ = 0;  ///< The one that find() found last: often the next one, too.
};

/// What is left of the options of a queue that is removed: those by which its jobs end and are kept.
[[nodiscard]] engine::QueueOptions options_once_removed(const engine::QueueOptions& options);

/// The state of the queue at `now`, without oldest_ready and due_since.
[[nodiscard]] engine::QueueState state_of(const Queue& queue, base::SteadyTime now);

/// Copies what is counted of the queue at `now`, all but oldest_ready and lease_waiters.
void copy_counts(const Queue& queue, base::SteadyTime now, engine::QueueCounts& into);

}  // namespace jobqd::stores::embedded
