#pragma once

#include <string_view>

#include <jobqd/engine/claim.hpp>
#include <jobqd/engine/resolution.hpp>

namespace jobqd::engine {

/// Told what happens, for logs and metrics. The engine itself writes neither.
/// Called from workers and from the store's threads, many at once, never under a lock; must not block or
/// throw.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void attempt_started(const Claim& /*claim*/) {}
  virtual void attempt_settled(const Claim& /*claim*/, const Resolution& /*resolution*/) {}
  /// The claim was no longer the job's: what the attempt did is not recorded.
  virtual void attempt_stale(const Claim& /*claim*/) {}
  /// The lease of a worker elsewhere ran out; attempt_settled() comes too.
  virtual void lease_expired(const Claim& /*claim*/) {}
  /// The store can no longer be written (`why` not empty), or can again (`why` empty).
  virtual void store_changed(std::string_view /*why*/) {}
  /// Nobody knows any more what the store has written. Going on would be a guess: the process has to end.
  virtual void store_lost(std::string_view /*why*/) {}
};

}  // namespace jobqd::engine
