#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "stores/embedded/record.hpp"

/// A job as it lies in a file.
namespace jobqd::stores::embedded {

/// A row of `jobs`.
struct JobRow {
  std::uint64_t number = 0;
  Content content;
  std::string queue;
  std::int8_t priority = 0;
  std::uint16_t max_retries = 0;
  std::uint32_t timeout_ms = 0;
  base::WallTime enqueued_at{};
  base::WallTime run_at{};  ///< As submitted. Epoch: at once.
  std::uint64_t fingerprint = 0;
};

/// A row of `progress`.
struct ProgressRow {
  std::uint64_t number = 0;
  domain::Progress progress;
  base::WallTime run_at{};
  base::WallTime started_at{};
  base::WallTime finished_at{};
  std::optional<Ending> ending;
};

/// A job as it comes out of the file.
struct StoredJob {
  JobRow job;
  std::optional<ProgressRow> progress;
  bool sound = true;  ///< false: a checksum does not fit, or a value is none of ours; only `job.number` and
                      ///< its id are told.
};

}  // namespace jobqd::stores::embedded
