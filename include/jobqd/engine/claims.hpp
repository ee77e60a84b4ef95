#pragma once

#include <optional>
#include <stop_token>
#include <string_view>
#include <vector>

#include <jobqd/engine/callback.hpp>
#include <jobqd/engine/claim.hpp>
#include <jobqd/engine/lease.hpp>
#include <jobqd/engine/resolution.hpp>

namespace jobqd::engine {

/// How jobs are started and ended: by this process's workers, and by remote ones under a lease.
///
/// Thread-safe. Only claim() blocks.
class Claims {
 public:
  virtual ~Claims() = default;

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
};

}  // namespace jobqd::engine
