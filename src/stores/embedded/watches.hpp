#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <jobqd/domain/job.hpp>
#include <jobqd/engine/callback.hpp>
#include <jobqd/engine/operations.hpp>

#include "stores/embedded/job_handle.hpp"

namespace jobqd::stores::embedded {

/// The callbacks that wait for the end of a job. Not thread-safe.
class Watches {
 public:
  using Done = engine::Callback<domain::Job>;

  engine::WatchId add(JobHandle job, Done done) {
    watches_.emplace(job, std::pair(++last_, std::move(done)));
    return last_;
  }

  /// Takes one watch away. The caller destroys the callback without holding a lock, because what the callback
  /// owns may call the store. Empty when there is no such watch.
  std::optional<Done> remove(engine::WatchId watch);

  /// Takes all watches of a job away.
  std::vector<Done> take(JobHandle job);

 private:
  std::multimap<JobHandle, std::pair<engine::WatchId, Done>> watches_;
  engine::WatchId last_ = 0;
};

}  // namespace jobqd::stores::embedded
