#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <jobqd/base/clock.hpp>
#include <jobqd/base/histogram.hpp>
#include <jobqd/domain/circuit_breaker.hpp>
#include <jobqd/domain/job.hpp>
#include <jobqd/engine/resolution.hpp>

namespace jobqd::engine {

/// How many jobs have which status, indexed by domain::Status.
struct Counts {
  std::array<std::uint64_t, domain::status_count> by_status{};
  [[nodiscard]] std::uint64_t of(domain::Status status) const {
    return by_status.at(static_cast<std::size_t>(status));
  }
};

/// How many jobs have which reason, indexed by domain::Reason.
struct ReasonCounts {
  std::array<std::uint64_t, domain::reason_count> by_reason{};
  [[nodiscard]] std::uint64_t& of(domain::Reason reason) {
    return by_reason.at(static_cast<std::size_t>(reason));
  }
  [[nodiscard]] std::uint64_t of(domain::Reason reason) const {
    return by_reason.at(static_cast<std::size_t>(reason));
  }
};

/// How an attempt ended, as it is counted.
enum class AttemptOutcome : std::uint8_t {
  done,
  failed,       ///< Failed, whether or not the job is tried again.
  deferred,     ///< The receiver asked to come back later.
  rejected,     ///< Failed, and trying again would be pointless.
  timeout,      ///< Failed because its time was up.
  interrupted,  ///< By a stop of the daemon, or because its lease ran out.
  cancelled,
  unstarted,  ///< It never began: the job went back to its place, and nothing was counted against it.
};

inline constexpr std::size_t attempt_outcome_count = static_cast<std::size_t>(AttemptOutcome::unstarted) + 1;

[[nodiscard]] std::string_view to_string(AttemptOutcome outcome);

/// `cause`: why the attempt was asked to stop, if it was.
[[nodiscard]] AttemptOutcome attempt_outcome(const Resolution& resolution, StopCause cause);

/// What has happened to the jobs of a queue since the process started, or since the queue was added.
///
/// What every job changes is two histograms, because it passes from core to core with the store's lock. The
/// rest follows from them: see attempts_done() and attempts_started().
struct QueueTotals {
  base::DurationHistogram<> ran;  ///< Attempts that ended and did begin.
  /// Attempts, when they started: how long the job had been due. A pause in between counts.
  alignas(64) base::DurationHistogram<> waited;
  /// Attempts that ended otherwise than done, indexed by AttemptOutcome.
  std::array<std::uint64_t, attempt_outcome_count> not_done{};
  std::uint64_t enqueued = 0;
  std::uint64_t deduplicated = 0;  ///< Submissions of a job that was there already, under the same id.
  ReasonCounts failed = {};        ///< Jobs that failed for good.

  /// Attempts that ended so.
  [[nodiscard]] std::uint64_t ended(AttemptOutcome outcome) const;
  /// Attempts that ended, or run now.
  [[nodiscard]] std::uint64_t started(std::uint64_t running) const;
};

/// The figures of one queue at one moment.
struct QueueCounts {
  std::string name = {};
  std::size_t capacity = 0;       ///< Jobs that may wait; 0: it was removed.
  std::size_t workers = 0;        ///< Of this process.
  std::size_t lease_waiters = 0;  ///< Requests of remote workers that wait for a job.
  bool paused = false;
  std::optional<domain::CircuitState> circuit = {};  ///< If the queue has a circuit breaker.
  Counts counts = {};
  ReasonCounts queued = {};  ///< They add up to the queued jobs.
  std::uint64_t ready = 0;   ///< Queued jobs that are due, whatever they wait for.
  /// How long the first of the jobs that are ready or wait for a remote worker has been due; 0: there is
  /// none.
  base::milliseconds oldest_ready{0};
  QueueTotals totals = {};
};

}  // namespace jobqd::engine
