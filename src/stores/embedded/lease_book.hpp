#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/domain/job.hpp>

#include "stores/embedded/due_queue.hpp"
#include "stores/embedded/job_handle.hpp"

namespace jobqd::stores::embedded {

/// Which running jobs remote workers hold under a lease, and until when.
///
/// Not thread-safe. `number` is the job's Record::number: of leases that expire together, the older job's
/// comes first.
class LeaseBook {
 public:
  /// The job has no lease.
  void grant(JobHandle job, std::uint64_t number, base::Now expires, std::string worker);

  [[nodiscard]] bool contains(JobHandle job) const { return leases_.contains(job); }

  /// The worker's name; empty if the job has no lease.
  [[nodiscard]] std::string worker(JobHandle job) const;

  /// The lease of a job as clients see it, if it has one.
  [[nodiscard]] std::optional<domain::JobLease> lease(JobHandle job) const;

  /// The job has a lease.
  void extend(JobHandle job, base::Now expires);

  /// Ends the lease, if there is one.
  void end(JobHandle job);

  /// The next job whose lease has expired at `now`. Its lease stays until end(), but is returned only once.
  std::optional<JobHandle> pop_expired(base::SteadyTime now);

  /// When the next lease expires.
  [[nodiscard]] std::optional<base::SteadyTime> next() const { return expiries_.next(); }

  /// All jobs with a lease, in no order.
  [[nodiscard]] std::vector<JobHandle> jobs() const;

 private:
  struct Lease {
    base::SteadyTime expires;   ///< The epoch: pop_expired() has returned it.
    base::WallTime expires_at;  ///< The same, as its worker was told.
    std::uint64_t number;
    std::string worker;
  };

  std::unordered_map<JobHandle, Lease> leases_;
  DueQueue expiries_;
};

}  // namespace jobqd::stores::embedded
