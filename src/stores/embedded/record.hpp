#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <jobqd/domain/job.hpp>
#include <jobqd/engine/claim.hpp>

#include "stores/embedded/job_handle.hpp"
#include "stores/embedded/places.hpp"
#include "stores/journal/stored_job.hpp"

namespace jobqd::stores::embedded {

/// One job in memory, laid out to be small: there may be millions waiting.
struct Record {
  journal::JobBytes content;
  std::uint64_t number = 0;  ///< Grows with every job accepted: the order of enqueueing, and the key on disk.
  std::uint64_t fingerprint = 0;  ///< domain::fingerprint() of what was submitted.
  engine::FencingToken token = 0;
  std::uint64_t batch = 0;  ///< The journal's batch that its latest change is in.
  base::WallTime enqueued_at{};
  base::WallTime run_at{};       ///< Epoch: none.
  base::WallTime started_at{};   ///< Epoch: none.
  base::WallTime finished_at{};  ///< Epoch: none.

  /// When tick() has to handle it: ready again (queued), timed out (running), forgotten (finished). Epoch:
  /// never.
  base::SteadyTime due{};
  /// Its position in the ready queue (ready, or running: where it was) or among the finished jobs. 0: none.
  Ticket ticket = 0;

  std::unique_ptr<journal::Ending> ending;  ///< Most jobs have none, so it is kept apart.
  domain::Progress progress;
  std::uint32_t timeout_ms = 0;  ///< 0: none.
  std::uint16_t max_retries = 0;
  std::uint16_t queue = 0;  ///< Index into the store's queues.
  std::int8_t priority = 0;
  bool durable = false;  ///< false: submitted, but not yet acknowledged; invisible, not runnable.

  [[nodiscard]] std::optional<base::milliseconds> timeout() const {
    return timeout_ms > 0 ? std::optional(base::milliseconds(timeout_ms)) : std::nullopt;
  }
  [[nodiscard]] bool finished() const {
    return progress.status == domain::Status::done || progress.status == domain::Status::failed;
  }
  /// What it takes of its queue while it is queued.
  [[nodiscard]] Room room() const {
    return {.jobs = 1, .bytes = content.id().size() + content.payload().size()};
  }
  /// The bytes that retention_bytes counts.
  [[nodiscard]] std::size_t content_bytes() const {
    return content.payload().size() +
           (ending ? ending->last_error.size() + (ending->result ? ending->result->size() : 0) : 0);
  }
  /// About how many bytes it takes as JSON.
  [[nodiscard]] std::size_t json_bytes() const {
    constexpr std::size_t other_members = 400;  // With names, times and a lease, all of them together.
    return content_bytes() + content.id().size() + other_members;
  }
};

}  // namespace jobqd::stores::embedded
