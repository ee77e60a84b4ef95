#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include <boost/unordered/unordered_flat_map.hpp>

#include <jobqd/base/random.hpp>
#include <jobqd/engine/claims.hpp>
#include <jobqd/engine/clockwork.hpp>
#include <jobqd/engine/observer.hpp>

#include "stores/embedded/effects.hpp"
#include "stores/embedded/jobs.hpp"
#include "stores/embedded/lease_book.hpp"

namespace jobqd::stores::embedded {

/// The attempts under way: starts jobs, hands out claims, and ends attempts by domain::end_of_attempt().
///
/// Reports the attempts of remote workers to the observer; those of the daemon's workers are reported by the
/// RetryProcessor that runs them. Not thread-safe: the store's lock guards all of it. Everything that the
/// constructor takes outlives this object.
class Attempts {
 public:
  Attempts(Jobs& jobs, std::uint32_t interruptions_max, base::Random& random, engine::Observer& observer);

  /// Starts the next ready job of the queue, if there is one and the gate of the queue is open.
  std::optional<engine::Claim> start_next(Effects& effects, std::uint16_t queue_index,
                                          const std::optional<engine::LeaseTerms>& lease);

  /// The running job whose attempt has this token, and, for a remote worker, a lease. Errors: job_not_found,
  /// lease_lost.
  engine::Expected<Jobs::Found> find(std::string_view id, engine::FencingToken token,
                                     engine::Settler settler);

  /// Ends the attempt of a running job. Reports that of a remote worker, unless it never began.
  engine::Resolution end(Effects& effects, JobHandle job, engine::Outcome&& outcome);

  /// The lease of the job lasts until `now + duration`. Another duration than before is kept.
  engine::Extension extend(Effects& effects, JobHandle job, base::milliseconds duration);

  /// The lease of a job, if it has one.
  [[nodiscard]] std::optional<domain::JobLease> lease_of(JobHandle job) const { return leases_.lease(job); }

  /// A client cancels a running job: it is asked to stop, and fails once it has.
  void cancel(Effects& effects, JobHandle job);

  /// The timeout of a running job has passed.
  void time_out(Effects& effects, JobHandle job);

  /// Ends the leases that have expired. false: its budget ran out before its work.
  bool end_expired(Effects& effects);

  /// When the next lease expires.
  [[nodiscard]] std::optional<base::SteadyTime> next_expiry() const { return leases_.next(); }

  [[nodiscard]] engine::AttemptCounts counts() const;

  /// Asks the attempts of the daemon's workers to stop, as an interruption.
  void stop_own(Effects& effects);

  /// Ends all leases, as an interruption.
  void end_leases(Effects& effects);

  /// Every lease lasts its full length from now on.
  void renew_leases(Effects& effects);

  /// Tokens continue from here.
  void continue_tokens(engine::FencingToken last) { last_token_ = last; }

  /// Whether one more interruption leaves the running job queued.
  [[nodiscard]] bool survives_interruption(const Record& record) const;

  /// A restored job was running when the last process ended.
  void end_interrupted(Effects& effects, JobHandle job);

  /// A restored job was leased when the last process ended, and still is.
  void restore_lease(Effects& effects, JobHandle job, journal::LeaseRow lease);

 private:
  struct Running {
    JobHandle job;
    std::shared_ptr<engine::StopSignal> stop;
    Jobs::Start start;
    bool simulated = false;  ///< As its queue was when it started: the workers may change meanwhile.

    /// How long it has been running at `now`.
    [[nodiscard]] std::chrono::nanoseconds run_time(const Record& record, base::Now now) const;
  };

  [[nodiscard]] const Running& running(const Record& record) const {
    return running_.at(record.history()->token);
  }

  [[nodiscard]] engine::Claim claim_of(JobHandle job, const Record& record) const;
  /// All but the payload.
  void fill(engine::Claim& claim, JobHandle job, const Record& record, const Running& running) const;
  /// `simulated`: the attempt only pretended to work.
  [[nodiscard]] domain::AttemptFacts facts_of(const Record& record, engine::StopCause cause,
                                              bool simulated) const;
  /// Ends a leased attempt without its worker, as an interruption.
  void end_lease(Effects& effects, JobHandle job);
  void apply(Effects& effects, JobHandle job, const domain::AttemptEnd& end);
  void learn(Effects& effects, std::uint16_t queue_index, const domain::AttemptEnd& end);

  Jobs& jobs_;
  const std::uint32_t interruptions_max_;
  base::Random& random_;
  engine::Observer& observer_;
  boost::unordered_flat_map<engine::FencingToken, Running> running_;
  LeaseBook leases_;
  engine::FencingToken last_token_ = 0;
};

}  // namespace jobqd::stores::embedded
