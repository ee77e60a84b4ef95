#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/engine/callback.hpp>
#include <jobqd/engine/claim.hpp>
#include <jobqd/engine/resolution.hpp>

namespace jobqd::engine {

/// Names a claimant whose requests wait, so that they can be withdrawn. A claimant may wait with several
/// requests.
using WaitId = std::uint64_t;

/// An id that no other call of this process returns. Never 0. Thread-safe.
[[nodiscard]] WaitId new_wait_id();

/// A remote worker's terms. A leased claim ends as an interruption unless it is extended or settled in time.
struct LeaseTerms {
  base::milliseconds duration{60'000};  ///< More than 0.
  std::string worker = {};              ///< The worker's name; for people.
};

/// About how many bytes the jobs of one claim may take together as JSON; the first may exceed it.
struct ClaimBytes {
  static constexpr auto unlimited = std::numeric_limits<std::size_t>::max();
  std::size_t now = unlimited;         ///< Where jobs are ready.
  std::size_t after_wait = unlimited;  ///< Where the request had to wait.
};

/// Asks for jobs of one queue.
struct ClaimRequest {
  std::string_view queue;                ///< Only read during the call.
  std::size_t max_jobs = 1;              ///< At least 1.
  std::optional<LeaseTerms> lease = {};  ///< Set by remote workers; empty for workers of this process.
  WaitId wait_id = 0;                    ///< For withdraw().
  ClaimBytes max_bytes = {};
};

/// The answer to a heartbeat.
struct Extension {
  base::WallTime expires_at{};
  bool cancel_requested = false;  ///< A client has cancelled the job.
};

/// The kind of worker that ends an attempt. A remote worker has to hold a lease, and gets the answer once the
/// end is as durable as the store promises; a worker of this process gets it at once, before settle()
/// returns.
enum class Settler : std::uint8_t { own_worker, remote_worker };

/// Starting and ending jobs, by workers of this process and by remote workers under a lease.
///
/// Thread-safe; never blocks. Callbacks may be called before the call returns.
class Claims {
 public:
  virtual ~Claims() = default;

  /// Starts up to max_jobs jobs of the queue as soon as at least one is ready: now, or after the requests
  /// that came before. Never starts more jobs than it was asked for. Completes with none once claims are
  /// closed. A lease is as durable as the store promises when it is answered. Errors: queue_not_found;
  /// invalid_field for a lease of a queue whose jobs run in this process; store_unavailable for a lease that
  /// cannot be made durable now.
  ///
  /// Returns true when the request waits and can be withdrawn.
  virtual bool claim(ClaimRequest request, Callback<std::vector<Claim>> done) = 0;

  /// Withdraws one waiting request of this claimant. false: none waits; the last one has completed or is just
  /// completing.
  virtual bool withdraw(WaitId wait_id) = 0;

  /// Ends the attempt with this token. The answer is the resolution. Errors: job_not_found, lease_lost (the
  /// token is no longer the job's, or, for a remote worker, holds no lease; nothing was changed);
  /// store_unavailable, for a remote worker, if the end was recorded but could not be made durable now.
  virtual void settle(std::string_view id, FencingToken token, Outcome outcome, Settler settler,
                      Callback<Resolution> done) = 0;

  /// settle() by a worker of this process, then claim() of one job: what a busy worker does between two jobs.
  /// A store may do both in one step, and return a job that is ready. If it returns none, `claimed` gets the
  /// answer, now or later.
  virtual std::optional<Claim> settle_and_claim(std::string_view id, FencingToken token, Outcome outcome,
                                                Callback<Resolution> settled, ClaimRequest request,
                                                Callback<std::vector<Claim>> claimed) {
    settle(id, token, std::move(outcome), Settler::own_worker, std::move(settled));
    claim(std::move(request), std::move(claimed));
    return std::nullopt;
  }

  /// The lease lasts for `duration` from now. Errors: job_not_found, lease_lost.
  virtual void extend(std::string_view id, FencingToken token, base::milliseconds duration,
                      Callback<Extension> done) = 0;
};

}  // namespace jobqd::engine
