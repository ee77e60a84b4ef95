#include "stores/embedded/lease_book.hpp"

#include <utility>

namespace jobqd::stores::embedded {

void LeaseBook::grant(JobHandle job, std::uint64_t number, base::Now expires, std::string worker) {
  leases_.emplace(job, Lease{.expires = expires.steady,
                             .expires_at = expires.wall,
                             .number = number,
                             .worker = std::move(worker)});
  expiries_.insert({expires.steady, number, job});
}

std::string LeaseBook::worker(JobHandle job) const {
  const auto lease = leases_.find(job);
  return lease == leases_.end() ? std::string{} : lease->second.worker;
}

std::optional<domain::JobLease> LeaseBook::lease(JobHandle job) const {
  const auto lease = leases_.find(job);
  if (lease == leases_.end()) return std::nullopt;
  return domain::JobLease{.worker = lease->second.worker, .expires_at = lease->second.expires_at};
}

void LeaseBook::extend(JobHandle job, base::Now expires) {
  auto& lease = leases_.at(job);
  expiries_.erase({lease.expires, lease.number, job});
  lease.expires = expires.steady;
  lease.expires_at = expires.wall;
  expiries_.insert({expires.steady, lease.number, job});
}

void LeaseBook::end(JobHandle job) {
  const auto ended = leases_.extract(job);
  if (ended.empty()) return;
  const auto& lease = ended.mapped();
  if (lease.expires != base::SteadyTime{}) expiries_.erase({lease.expires, lease.number, job});
}

std::optional<JobHandle> LeaseBook::pop_expired(base::SteadyTime now) {
  const auto job = expiries_.pop(now);
  if (job) leases_.at(*job).expires = {};
  return job;
}

std::vector<JobHandle> LeaseBook::jobs() const {
  std::vector<JobHandle> all;
  all.reserve(leases_.size());
  for (const auto& [job, lease] : leases_) all.push_back(job);
  return all;
}

}  // namespace jobqd::stores::embedded
