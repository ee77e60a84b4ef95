#pragma once

#include <optional>

#include <jobqd/base/clock.hpp>

namespace jobqd::engine {

/// Work that comes due by time. The Scheduler runs all duties, one after the other, on its thread.
class Duty {
 public:
  virtual ~Duty() = default;

  /// Does what is due at `now`, without blocking for long: the other duties wait. Returns when it wants to
  /// run next, if at all; Scheduler::wake() makes it run earlier. It may also run when nothing is due. Must
  /// not throw.
  virtual std::optional<base::SteadyTime> run(base::Now now) = 0;
};

}  // namespace jobqd::engine
