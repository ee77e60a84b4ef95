#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

#include <jobqd/domain/circuit_breaker.hpp>
#include <jobqd/domain/error.hpp>
#include <jobqd/engine/claim.hpp>
#include <jobqd/engine/resolution.hpp>

namespace jobqd::engine {

/// One transaction that a journal has committed and synced.
struct Commit {
  std::size_t changes = 0;               ///< Rows inserted, updated and erased.
  std::chrono::nanoseconds duration{0};  ///< From the first statement to the end of the sync.
};

/// Receives the events of a daemon, so that logs, metrics and the stop can follow them. The engine itself
/// writes no logs and keeps no metrics.
///
/// Threads: an event comes from the thread on which it happens (each event names it), and several events may
/// come at the same time, so implementations are thread-safe. The caller holds no lock.
/// An implementation must not block, must not throw, and must not call back into the store.
/// Views and references are valid during the call only. Every event does nothing by default.
class Observer {
 public:
  virtual ~Observer() = default;

  // Submission. Threads: whichever completes the submit call (http, or the journal's).

  /// `jobs` new jobs of one queue were accepted, and are as durable as the store promises. Called once for
  /// each queue in the request. A repeated id that matches an existing job is not counted.
  virtual void submitted(std::string_view /*queue*/, std::size_t /*jobs*/) {}
  /// A submission was refused as a whole. `queue` is the queue that caused it, and empty if none did
  /// (draining, the store cannot be written).
  virtual void refused(domain::ErrorCode /*why*/, std::string_view /*queue*/) {}

  // Attempts, by the daemon's own workers and by remote workers. Threads: worker, http, scheduler, journal.

  virtual void attempt_started(const Claim& /*claim*/) {}
  /// The attempt has ended, and the store has recorded `resolution`.
  virtual void attempt_settled(const Claim& /*claim*/, const Resolution& /*resolution*/) {}
  /// The attempt has ended, but its fencing token was no longer current: the store has recorded nothing.
  virtual void attempt_stale(const Claim& /*claim*/) {}
  /// A remote worker sent no heartbeat in time. attempt_settled() follows.
  virtual void lease_expired(const Claim& /*claim*/) {}
  /// The circuit breaker of a queue has changed its state. Threads: as attempts, and main on a reload.
  virtual void circuit_changed(std::string_view /*queue*/, domain::CircuitState /*from*/,
                               domain::CircuitState /*to*/) {}

  // The journal. Thread: journal; main while the store is opened and closed.

  virtual void batch_committed(const Commit& /*commit*/) {}
  /// The store cannot be written any more, for the reason `why`, or can be written again (`why` is empty).
  virtual void store_changed(std::string_view /*why*/) {}
  /// It is unknown what has reached the disk, so continuing would mean guessing: the process has to end.
  virtual void store_lost(std::string_view /*why*/) {}

  // Payloads that were left on disk. Thread: payloads.

  /// They cannot be read back, for the reason `why`, or can be read again (`why` is empty).
  virtual void payloads_changed(std::string_view /*why*/) {}
  /// A waiting job's row turned out to be damaged: the row stays in the file, and the job will not run. `job`
  /// is for people.
  virtual void job_set_aside(std::string_view /*job*/) {}

  // The configuration, read again on SIGHUP. Thread: main.

  /// Nothing can run the jobs of a queue any more, for the reason `why`, or something can again (`why` is
  /// empty).
  virtual void queue_changed(std::string_view /*queue*/, std::string_view /*why*/) {}

  /// The new configuration applies. Both are names of settings, separated by spaces, and may be empty.
  virtual void configuration_changed(std::string_view /*changed*/, std::string_view /*needs_a_restart*/) {}
  /// The new configuration has an error; the previous one stays in force.
  virtual void configuration_refused(std::string_view /*why*/) {}
};

}  // namespace jobqd::engine
