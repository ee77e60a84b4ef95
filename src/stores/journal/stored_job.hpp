#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <jobqd/base/clock.hpp>
#include <jobqd/domain/job.hpp>

#include "stores/journal/job_bytes.hpp"

/// What a journal keeps of a job. Times are calendar times; the epoch means none.
namespace jobqd::stores::journal {

/// How the last attempt ended. Most jobs have none.
struct Ending {
  std::string last_error;
  std::optional<std::string> result;
};

/// What the producer sent. Never changes once it is written.
struct JobRow {
  std::uint64_t number = 0;  ///< The key; grows with every job accepted.
  JobBytes content;
  std::string queue;
  std::int8_t priority = 0;
  std::uint16_t max_retries = 0;
  std::uint32_t timeout_ms = 0;  ///< 0: none.
  base::WallTime enqueued_at{};
  base::WallTime run_at{};  ///< As submitted; the epoch: at once.
  std::uint64_t fingerprint = 0;
};

/// The lease under which a remote worker holds a running job.
struct LeaseRow {
  std::uint64_t token = 0;
  base::milliseconds duration{0};  ///< How long it lasts from a heartbeat on; more than 0, 24 h at most.
  std::string worker;              ///< The worker's name, for people; may be empty.
};

/// How far a job has come. A job that was never started nor changed has no such row.
struct ProgressRow {
  std::uint64_t number = 0;
  domain::Progress progress;
  base::WallTime run_at{};
  base::WallTime started_at{};
  base::WallTime finished_at{};
  std::optional<Ending> ending;
  std::optional<LeaseRow> lease = {};  ///< Only of a running job.
};

/// A job as it is read back.
struct StoredJob {
  JobRow job;
  std::optional<ProgressRow> progress;
  /// false: a checksum does not match, or a value is out of its range. Then only the job's number and id may
  /// be used, and only in messages.
  bool sound = true;
};

}  // namespace jobqd::stores::journal
