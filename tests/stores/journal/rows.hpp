#pragma once

#include <cstdint>
#include <string>

#include "stores/journal/stored_job.hpp"

namespace jobqd::stores::journal {

/// What a producer sent as job `number`, whose id is `job-NUMBER`.
[[nodiscard]] inline JobRow job_row(std::uint64_t number) {
  JobRow row;
  row.number = number;
  row.content = JobBytes("job-" + std::to_string(number), "1");
  row.queue = "default";
  return row;
}

/// That job after its attempt `attempts` was started.
[[nodiscard]] inline ProgressRow progress_row(std::uint64_t number, std::uint32_t attempts) {
  ProgressRow row;
  row.number = number;
  row.progress.status = domain::Status::running;
  row.progress.reason = domain::Reason::none;
  row.progress.attempts = attempts;
  return row;
}

}  // namespace jobqd::stores::journal
