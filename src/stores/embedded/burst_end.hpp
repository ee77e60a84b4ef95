#pragma once

#include <optional>

#include <jobqd/base/clock.hpp>
#include <jobqd/base/memory.hpp>

#include "stores/embedded/effects.hpp"
#include "stores/embedded/job_table.hpp"
#include "stores/embedded/payloads.hpp"

namespace jobqd::stores::embedded {

/// Gives the memory of a burst of jobs back: once the table has had far more room than its jobs need, or far
/// fewer payloads are in memory than were, for a while, and at most once in that while; and once more a while
/// later, because the last jobs, and what the journal had to write, may have gone only then. Not thread-safe.
/// What the constructor takes outlives this object.
class BurstEnd {
 public:
  static constexpr base::milliseconds quiet{5'000};

  BurstEnd(JobTable& table, Payloads& payloads) : table_(table), payloads_(payloads) {}

  /// A job was erased from the table.
  void erased(Effects& effects) {
    if (since_ || !has_spare_room()) return;
    since_ = effects.now.steady;
    effects.wants_tick(*since_ + quiet);
  }

  /// Returns when to look again.
  std::optional<base::SteadyTime> tick(Effects& effects) {
    if (since_ && !once_more_ && !has_spare_room()) since_.reset();
    if (!since_) return std::nullopt;
    if (effects.now.steady < *since_ + quiet) return *since_ + quiet;
    once_more_ = !once_more_ || has_spare_room();
    since_ = once_more_ ? std::optional(effects.now.steady) : std::nullopt;
    table_.drop_spare_room();
    payloads_.forget_burst();
    effects.call([] { base::give_free_memory_back(); });
    return since_ ? std::optional(*since_ + quiet) : std::nullopt;
  }

 private:
  [[nodiscard]] bool has_spare_room() const { return table_.has_spare_room() || payloads_.has_spare_room(); }

  JobTable& table_;
  Payloads& payloads_;
  std::optional<base::SteadyTime> since_;  ///< When room to spare was first seen, or was given back.
  bool once_more_ = false;                 ///< It was, and is looked at again.
};

}  // namespace jobqd::stores::embedded
