#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include <jobqd/domain/job.hpp>
#include <jobqd/engine/callback.hpp>

#include "stores/embedded/finished_jobs.hpp"
#include "stores/embedded/job_handle.hpp"
#include "stores/embedded/job_table.hpp"

namespace jobqd::stores::embedded {

/// What a sweep does with each of its jobs.
enum class SweepAction : std::uint8_t { retry, remove, count_only };

/// One change of many jobs of a queue, from the newest to the oldest.
struct Sweep {
  std::uint16_t queue = 0;
  domain::Status status = domain::Status::failed;  ///< Of the jobs that it takes.
  std::vector<domain::Reason> reasons = {};        ///< Of the jobs that it takes. Empty: any.
  SweepAction action = SweepAction::count_only;
  std::uint64_t before = 0;  ///< Only jobs with a smaller number remain to be visited.
  std::uint64_t count = 0;   ///< Jobs taken so far.
  engine::Callback<std::uint64_t> done = {};
};

/// The sweeps in progress, one after the other, in steps that are short enough for other work to get a turn.
/// Not thread-safe.
class Sweeps {
 public:
  void add(Sweep sweep) { sweeps_.push_back(std::move(sweep)); }
  [[nodiscard]] bool empty() const { return sweeps_.empty(); }

  /// The jobs that the present sweep takes next; the caller does the action. Not when empty().
  struct Step {
    SweepAction action = SweepAction::count_only;
    std::vector<JobHandle> jobs = {};
    std::optional<Sweep> finished = {};  ///< The sweep, if this was its last step.
  };
  [[nodiscard]] Step next(const JobTable& table, const FinishedJobs& finished);

 private:
  std::deque<Sweep> sweeps_;
};

}  // namespace jobqd::stores::embedded
