#pragma once

#include <cstdint>
#include <optional>

#include <jobqd/engine/operations.hpp>

namespace jobqd::http {

/// What an autoscaler of the workers of a queue needs to know.
struct Scale {
  /// Jobs that workers run, or would run now if there were enough of them or if the rate of the queue allowed
  /// it. Running ones are among them, or an autoscaler would end workers that are busy.
  std::uint64_t demand = 0;
  /// How long the first job that could start, or lacks only a remote worker, has been due; 0: there is none.
  base::milliseconds oldest_ready{0};
  /// How many workers, each running one job at a time, start what is ready within the target and keep up with
  /// what comes. Empty: there is no target.
  std::optional<std::uint64_t> workers_needed = {};
};

/// `target`: how long a job may wait; more than 0.
///
/// By Little's law, workers = (jobs started a second) × (mean run time): those that are ready are started
/// within the target, and as many as came in each second of the last minute. While the run time is not known,
/// because no attempt has ended since the start, and for less than one worker, a demand needs one.
[[nodiscard]] Scale scale_of(const engine::QueueState& queue, std::optional<base::milliseconds> target);

}  // namespace jobqd::http
