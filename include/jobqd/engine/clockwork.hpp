#pragma once

#include <optional>

#include <jobqd/base/clock.hpp>

namespace jobqd::engine {

/// What drives a store: time, and the steps of a stop. Thread-safe, except tick().
class Clockwork {
 public:
  virtual ~Clockwork() = default;

  /// When the next queued job can start: in the past when one is ready now, empty when none is queued.
  [[nodiscard]] virtual std::optional<base::SteadyTime> next_start() const = 0;

  /// Does what is due at `now`: delayed and backed-off jobs become ready, attempts past their timeout are
  /// asked to stop, leases that ran out are interruptions, finished jobs past their retention go, retry_all()
  /// and purge() go on. Returns when it wants to be called next, if at all. One thread.
  virtual std::optional<base::SteadyTime> tick(base::Now now) = 0;

  /// Refuses new jobs from now on (draining). Everything else goes on.
  virtual void stop_admission() = 0;

  /// No job starts from now on: waiting claim() calls return empty, waiting lease() calls complete with none.
  virtual void stop_claims() = 0;

  /// Asks every running attempt to stop, as an interruption. Leases end at once.
  virtual void stop_attempts() = 0;
};

}  // namespace jobqd::engine
