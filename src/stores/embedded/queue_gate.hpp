#pragma once

#include <string>
#include <string_view>

#include <jobqd/base/clock.hpp>
#include <jobqd/domain/circuit_breaker.hpp>
#include <jobqd/domain/end_of_attempt.hpp>
#include <jobqd/domain/rate_limit.hpp>

namespace jobqd::stores::embedded {

/// Decides whether a queue may start a job: it is not paused, its rate limit and its circuit breaker allow
/// it, and the daemon has the resources to run one.
///
/// Not thread-safe. Takes the time as an argument, which must not go back.
class QueueGate {
 public:
  QueueGate(domain::RateLimit rate, domain::CircuitRule circuit);

  /// Whether a job may start now. If so, it counts as started.
  bool try_start(base::SteadyTime now);

  /// Undoes try_start(): the job did not start after all.
  void start_undone(base::SteadyTime now);

  /// The earliest time at which limits allow a start, apart from a pause: in the past if they allow it now,
  /// SteadyTime::max() while a probe of the circuit breaker is running.
  [[nodiscard]] base::SteadyTime next_start() const;

  /// What keeps it shut at `now`: paused, circuit_open, or throttled (by the rate limit, or because the
  /// daemon lacks the resources); ready if it is open.
  [[nodiscard]] domain::Reason reason(base::SteadyTime now) const;

  /// An attempt ended.
  void learn(domain::Lesson lesson, base::SteadyTime now);

  /// While a probe of the circuit breaker is running: how long the circuit stays open if it fails. Otherwise
  /// zero.
  [[nodiscard]] base::milliseconds probe_wait() const;

  /// The daemon lacked the resources to run a job: none starts for `pause`. `why` is in one line.
  void fall_short(std::string_view why, base::milliseconds pause, base::SteadyTime now);

  /// Why the daemon could not run a job, if that happened lately: while it keeps the gate shut, and for 5
  /// seconds more, since a start is tried again only when a job and a worker are there. Otherwise empty.
  /// Valid until the gate changes.
  [[nodiscard]] std::string_view shortage(base::SteadyTime now) const;

  void set_paused(bool paused) { paused_ = paused; }
  [[nodiscard]] bool paused() const { return paused_; }

  /// Changes the limits.
  void configure(domain::RateLimit rate, domain::CircuitRule circuit, base::SteadyTime now);

  [[nodiscard]] const domain::CircuitBreaker& breaker() const { return breaker_; }

 private:
  domain::RateLimit rate_;
  domain::CircuitRule circuit_;
  domain::RateLimiter limiter_;
  domain::CircuitBreaker breaker_;
  base::SteadyTime closed_until_ = base::SteadyTime::min();  ///< By a shortage.
  std::string shortage_;                                     ///< Why, the last time.
  bool paused_ = false;
};

}  // namespace jobqd::stores::embedded
