#include <jobqd/engine/remote_workers.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/settle.hpp"

namespace jobqd::engine {

using domain::Error;
using domain::ErrorCode;

RemoteWorkers::RemoteWorkers(Store& store, Queues queues, base::Random& random, Observer& observer)
    : store_(store), queues_(std::move(queues)), random_(random), observer_(observer) {
  store_.listen_to_leases(this);
}

RemoteWorkers::~RemoteWorkers() {
  store_.listen_to_leases(nullptr);
}

void RemoteWorkers::set_policy(std::string_view queue, domain::RetryPolicy policy) {
  const std::scoped_lock lock(mutex_);
  queues_.find(queue)->second = std::move(policy);
}

domain::RetryPolicy RemoteWorkers::policy_of(std::string_view queue) const {
  const std::scoped_lock lock(mutex_);
  return queues_.find(queue)->second;
}

WaitId RemoteWorkers::lease(LeaseRequest request, Callback<std::vector<Lease>> done) {
  if (!queues_.contains(request.queue) && has_queue(request.queue)) {
    done(std::unexpected(Error{
        .code = ErrorCode::invalid_field,
        .detail = fmt::format("the jobs of queue \"{}\" run in the daemon and are not leased; that takes "
                              "processor = \"remote\"",
                              request.queue)}));
    return 0;
  }
  return store_.lease(std::move(request),
                      [this, done = std::move(done)](Expected<std::vector<Lease>> leases) mutable {
                        if (leases)
                          for (const auto& lease : *leases) observer_.attempt_started(lease.claim);
                        done(std::move(leases));
                      });
}

void RemoteWorkers::settle(std::string_view id, FencingToken token, Outcome outcome, Callback<void> done) {
  store_.find_lease(
      id, token, [this, outcome = std::move(outcome), done = std::move(done)](Expected<Claim> claim) mutable {
        if (!claim) return done(std::unexpected(std::move(claim.error())));
        if (settle_and_tell(store_, observer_, *claim, resolution_of(std::move(outcome), *claim)))
          return store_.sync(std::move(done));
        done(std::unexpected(
            Error{.code = ErrorCode::lease_lost,
                  .detail = fmt::format("the lease of job \"{}\" has just ended", claim->id)}));
      });
}

void RemoteWorkers::lease_timed_out(const Claim& claim) {
  settle_and_tell(store_, observer_, claim, resolution_of(Interrupted{}, claim));
}

void RemoteWorkers::lease_ended(const Claim& claim) {
  if (claim.stop->cause() == StopCause::none) observer_.lease_expired(claim);
  observer_.attempt_settled(claim, resolution_of(Interrupted{}, claim));
}

bool RemoteWorkers::has_queue(std::string_view name) const {
  const auto queues = store_.queues();
  return std::ranges::find(queues, name, &QueueState::name) != queues.end();
}

Resolution RemoteWorkers::resolution_of(Outcome outcome, const Claim& claim) {
  return resolve(std::move(outcome), claim, policy_of(claim.queue), random_.fraction());
}

}  // namespace jobqd::engine
