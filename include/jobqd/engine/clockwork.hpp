#pragma once

#include <cstdint>
#include <optional>

#include <jobqd/base/clock.hpp>

namespace jobqd::engine {

/// The attempts under way.
struct AttemptCounts {
  std::uint64_t own = 0;     ///< By workers of this process.
  std::uint64_t leased = 0;  ///< By remote workers.
};

/// The calls that drive a store: time, and the steps of a stop. Thread-safe, except tick().
class Clockwork {
 public:
  virtual ~Clockwork() = default;

  /// When the next queued job can start: in the past when one is ready now, empty when none is queued.
  [[nodiscard]] virtual std::optional<base::SteadyTime> next_start() const = 0;

  /// Does what is due at `now`: delayed and backed-off jobs become ready, attempts past their timeout are
  /// asked to stop, leases that ran out are interruptions, finished jobs past their retention are forgotten,
  /// retry_all() and purge() go on. Returns when it wants to be called next, if at all. One thread.
  virtual std::optional<base::SteadyTime> tick(base::Now now) = 0;

  /// Refuses new jobs from now on (draining). Everything else goes on.
  virtual void stop_admission() = 0;

  /// No job starts from now on: waiting claim() calls return empty, waiting lease() calls complete with none.
  virtual void stop_claims() = 0;

  [[nodiscard]] virtual AttemptCounts attempts() const = 0;

  /// Every lease lasts its full length from now on. To be called when remote workers can reach the daemon:
  /// a durable store may hold leases of an earlier run.
  virtual void renew_leases() = 0;

  /// Asks every attempt of the workers of this process to stop, as an interruption. Leases go on.
  virtual void stop_attempts() = 0;

  /// Every lease ends at once, as an interruption.
  virtual void end_leases() = 0;
};

}  // namespace jobqd::engine
