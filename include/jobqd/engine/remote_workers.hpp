#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include <jobqd/base/random.hpp>
#include <jobqd/domain/retry_policy.hpp>
#include <jobqd/engine/lease.hpp>
#include <jobqd/engine/observer.hpp>
#include <jobqd/engine/processor.hpp>
#include <jobqd/engine/store.hpp>

namespace jobqd::engine {

/// Queues whose jobs are worked off outside of this process: hands out leases, and settles what their workers
/// say became of the jobs, by the rules that hold for all attempts. Keeps no list of what is out: the store
/// knows.
///
/// Thread-safe as far as store, random and observer are, which outlive it. Callbacks as those of the store.
class RemoteWorkers final : private LeaseListener {
 public:
  /// The retry policy of each queue that is leased, by name.
  using Queues = std::map<std::string, domain::RetryPolicy, std::less<>>;

  RemoteWorkers(Store& store, Queues queues, base::Random& random, Observer& observer);
  ~RemoteWorkers() override;

  RemoteWorkers(const RemoteWorkers&) = delete;
  RemoteWorkers& operator=(const RemoteWorkers&) = delete;

  /// For what ends from now on. The queue is one of those it was made with.
  void set_policy(std::string_view queue, domain::RetryPolicy policy);

  /// As Store::lease(), and invalid_field for a queue whose jobs are not leased.
  WaitId lease(LeaseRequest request, Callback<std::vector<Lease>> done);

  /// As Store::unlease().
  bool unlease(WaitId wait) { return store_.unlease(wait); }

  /// As Store::extend().
  void heartbeat(std::string_view id, FencingToken token, base::milliseconds duration,
                 Callback<Extension> done) {
    store_.extend(id, token, duration, std::move(done));
  }

  /// The worker is through: completes once what becomes of the job is as durable as the store promises, so
  /// that the worker may forget it. Errors: job_not_found, lease_lost; store_unavailable where it is
  /// recorded, but could not be made durable now.
  void settle(std::string_view id, FencingToken token, Outcome outcome, Callback<void> done);

 private:
  void lease_timed_out(const Claim& claim) override;
  void lease_ended(const Claim& claim) override;

  [[nodiscard]] bool has_queue(std::string_view name) const;
  [[nodiscard]] domain::RetryPolicy policy_of(std::string_view queue) const;
  [[nodiscard]] Resolution resolution_of(Outcome outcome, const Claim& claim);

  Store& store_;
  mutable std::mutex mutex_;
  Queues queues_;  ///< Which there are never changes.
  base::Random& random_;
  Observer& observer_;
};

}  // namespace jobqd::engine
