#include "stores/embedded/lease_book.hpp"

#include <utility>

namespace jobqd::stores::embedded {

base::SteadyTime LeaseBook::grant(JobHandle job, base::Now now, engine::LeaseTerms terms) {
  const auto expires = now.steady + terms.duration;
  const auto expires_at = now.wall + terms.duration;
  leases_.emplace(job, Lease{.expires = expires, .expires_at = expires_at, .terms = std::move(terms)});
  expiries_.insert({expires, job});
  return expires;
}

const engine::LeaseTerms* LeaseBook::terms(JobHandle job) const {
  const auto lease = leases_.find(job);
  return lease == leases_.end() ? nullptr : &lease->second.terms;
}

std::optional<domain::JobLease> LeaseBook::lease(JobHandle job) const {
  const auto lease = leases_.find(job);
  if (lease == leases_.end()) return std::nullopt;
  return domain::JobLease{.worker = lease->second.terms.worker, .expires_at = lease->second.expires_at};
}

base::SteadyTime LeaseBook::extend(JobHandle job, base::Now now, base::milliseconds duration) {
  auto& lease = leases_.at(job);
  lease.terms.duration = duration;
  if (lease.expires != base::SteadyTime{}) expiries_.erase({lease.expires, job});
  lease.expires = now.steady + duration;
  lease.expires_at = now.wall + duration;
  expiries_.insert({lease.expires, job});
  return lease.expires;
}

void LeaseBook::renew_all(base::Now now) {
  for (const auto& [job, lease] : leases_) extend(job, now, lease.terms.duration);
}

void LeaseBook::end(JobHandle job) {
  const auto ended = leases_.extract(job);
  if (ended.empty()) return;
  const auto& lease = ended.mapped();
  if (lease.expires != base::SteadyTime{}) expiries_.erase({lease.expires, job});
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
