#pragma once

#include <cstddef>
#include <optional>
#include <unordered_map>
#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/domain/job.hpp>
#include <jobqd/engine/claims.hpp>

#include "stores/embedded/due_queue.hpp"
#include "stores/embedded/job_handle.hpp"

namespace jobqd::stores::embedded {

/// Which running jobs remote workers hold under a lease, and until when.
///
/// Not thread-safe. Of leases that expire together, the older job's comes first.
class LeaseBook {
 public:
  /// The job gets a lease, which it does not have yet. Returns when it expires.
  base::SteadyTime grant(JobHandle job, base::Now now, engine::LeaseTerms terms);

  [[nodiscard]] bool contains(JobHandle job) const { return leases_.contains(job); }

  /// The present terms of the lease; null if the job has none. Valid until the next change of the book.
  [[nodiscard]] const engine::LeaseTerms* terms(JobHandle job) const;

  /// The lease of a job as clients see it, if it has one.
  [[nodiscard]] std::optional<domain::JobLease> lease(JobHandle job) const;

  /// The lease, which the job has, lasts for `duration` from now on. Returns when it expires.
  base::SteadyTime extend(JobHandle job, base::Now now, base::milliseconds duration);

  /// Every lease lasts its full length from now on.
  void renew_all(base::Now now);

  /// Ends the lease, if there is one.
  void end(JobHandle job);

  /// The next job whose lease has expired at `now`. Its lease stays until end(), but is returned only once.
  std::optional<JobHandle> pop_expired(base::SteadyTime now);

  /// When the next lease expires.
  [[nodiscard]] std::optional<base::SteadyTime> next() const { return expiries_.next(); }

  /// All jobs with a lease, in no order.
  [[nodiscard]] std::vector<JobHandle> jobs() const;

  [[nodiscard]] std::size_t size() const { return leases_.size(); }

 private:
  struct Lease {
    base::SteadyTime expires;   ///< The epoch: pop_expired() has returned it.
    base::WallTime expires_at;  ///< The same on the calendar, as its worker knows it.
    engine::LeaseTerms terms;
  };

  std::unordered_map<JobHandle, Lease, HashOfHandle> leases_;
  DueQueue expiries_;
};

}  // namespace jobqd::stores::embedded
