#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include <jobqd/base/clock.hpp>
#include <jobqd/domain/job.hpp>
#include <jobqd/engine/resolution.hpp>

namespace jobqd::engine {

/// Grows with every start of every job, across restarts: of two attempts, the later one has the larger token.
/// See M. Kleppmann, "How to do distributed locking", 2016 (fencing tokens).
using FencingToken = std::uint64_t;

/// Asks one running attempt to stop and says why. The first cause wins, but a client's cancel beats the
/// others. Thread-safe. Shared by the store, which requests the stop, and the worker, which obeys.
class StopSignal {
 public:
  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }
  [[nodiscard]] StopCause cause() const { return cause_.load(std::memory_order_acquire); }

  void request(StopCause cause) {
    decide(cause);
    raise();
  }

  /// The first half of request(), for a caller that holds a lock; raise() has to follow after it is released.
  void decide(StopCause cause) {
    auto none = StopCause::none;
    const bool first = cause_.compare_exchange_strong(none, cause, std::memory_order_acq_rel);
    if (!first && cause == StopCause::cancelled) cause_.store(cause, std::memory_order_release);
  }

  /// Runs the stop callbacks of the processor on the calling thread: never call it under a lock.
  void raise() { source_.request_stop(); }

 private:
  std::stop_source source_;
  std::atomic<StopCause> cause_{StopCause::none};
};

/// What a remote worker receives in addition to a claim.
struct Lease {
  domain::Job job;  ///< Its present state, running.
  base::WallTime expires_at{};
};

/// One start of one job: everything an attempt needs, and the right to settle it while the token is current.
/// Moves from the store to a worker and back; owns its strings.
struct Claim {
  FencingToken token = 0;
  std::string id;
  std::string queue;
  std::string payload;         ///< JSON text. Empty if there is a lease, whose job has the payload.
  std::uint32_t attempt = 1;   ///< This start, counted from 1.
  std::uint32_t failures = 0;  ///< Failed attempts before this one.
  std::uint16_t max_retries = 0;
  std::optional<base::milliseconds> timeout = {};
  std::uint8_t deferrals = 0;        ///< Attempts before this one that were deferred.
  bool simulated = false;            ///< Its queue only pretends to work.
  std::string traceparent = {};      ///< W3C Trace Context of the request that enqueued it; empty: none.
  base::WallTime started_at{};       ///< The start of this attempt, also after a restart.
  base::WallTime ready_at{};         ///< Since when it could have started; epoch: not known.
  std::shared_ptr<StopSignal> stop;  ///< Never null.
  std::string worker = {};           ///< The remote worker's name; empty for a worker of this process.
  std::shared_ptr<const Lease> lease = {};  ///< Null for a worker of this process.
};

}  // namespace jobqd::engine
