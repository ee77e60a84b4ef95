#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <jobqd/base/clock.hpp>
#include <jobqd/domain/job.hpp>
#include <jobqd/engine/claim.hpp>

/// Jobs that are worked off outside of this process: a claim that lasts as long as its worker says, again
/// and again, that it lives.
namespace jobqd::engine {

/// Asks for jobs of one queue, for a worker elsewhere.
struct LeaseRequest {
  std::string queue;
  std::size_t max_jobs = 1;             ///< At least 1.
  base::milliseconds duration{60'000};  ///< More than 0.
  std::string worker = {};              ///< What the worker calls itself; for people.
};

/// One start of one job, by a worker elsewhere. `claim.payload` is empty: the job has it.
struct Lease {
  Claim claim;
  domain::Job job;  ///< As it stands, running.
  base::WallTime expires_at{};
};

/// What a worker is told when it says that it lives.
struct Extension {
  base::WallTime expires_at{};
  bool cancel_requested = false;  ///< A client has called the job off.
};

/// Names one lease() that waits for jobs, for unlease().
using WaitId = std::uint64_t;

/// Told of leases that end without a word of their worker. Called from the store's threads, never under its
/// lock; may call the store.
class LeaseListener {
 public:
  virtual ~LeaseListener() = default;

  /// The job's own timeout has passed. The lease is over, and the claim is to be settled now.
  virtual void lease_timed_out(const Claim& claim) = 0;

  /// The lease ran out, or the store stops: settled by the store as an interruption, or, where a client had
  /// called the job off, as cancelled.
  virtual void lease_ended(const Claim& claim) = 0;
};

}  // namespace jobqd::engine
