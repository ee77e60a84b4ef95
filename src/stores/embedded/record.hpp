#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include <jobqd/domain/job.hpp>

#include "stores/embedded/history.hpp"
#include "stores/embedded/job_handle.hpp"
#include "stores/embedded/packed.hpp"
#include "stores/embedded/places.hpp"
#include "stores/journal/journal.hpp"
#include "stores/journal/stored_job.hpp"

namespace jobqd::stores::embedded {

/// The journal's batch that a job's latest change is in, in 4 bytes.
///
/// It compares with batches less than 2^31 later. Of a change that is older than that, is_in() may be false
/// although it is durable: then an answer about the job waits for one more batch, which is late but not
/// wrong.
class RecentBatch {
 public:
  RecentBatch() = default;
  explicit RecentBatch(journal::Journal::BatchNumber batch) : low_(static_cast<std::uint32_t>(batch)) {
    if (low_ == 0) low_ = 1;  // The batch behind it: 0 means that there is none.
  }

  /// Whether the change is in one of the batches up to `durable`. RecentBatch{} is in all of them.
  [[nodiscard]] bool is_in(journal::Journal::BatchNumber durable) const {
    return low_ == 0 || static_cast<std::int32_t>(low_ - static_cast<std::uint32_t>(durable)) <= 0;
  }

 private:
  std::uint32_t low_ = 0;
};

/// One job in memory. As long as it waits for its first start, this and its content are all that it takes,
/// and this is one line of the cache: there may be millions waiting.
class Record {
 public:
  alignas(64) journal::JobBytes content;
  std::uint64_t number = 0;  ///< Grows with every job accepted: the order of enqueueing, and the key on disk.
  std::uint64_t fingerprint = 0;  ///< domain::fingerprint() of what was submitted.

 private:
  HistoryOrTime history_or_run_at_;

 public:
  std::uint32_t timeout_ms = 0;  ///< 0: none.
  RecentBatch batch;             ///< That its latest change is in.
  std::uint16_t queue = 0;       ///< Index into the store's queues.
  std::uint16_t max_retries = 0;
  /// When tick() has to handle it: ready again (queued), timed out (running), forgotten (finished).
  PackedSteady due;
  /// Its position in the ready queue (ready, or running: where it was) or among the finished jobs.
  Ticket ticket;

  PackedWall enqueued_at;
  std::int8_t priority = 0;

 private:
  domain::Status status_ : 2 = domain::Status::queued;
  domain::Reason reason_ : 4 = domain::Reason::ready;

 public:
  bool awaited : 1 = false;  ///< Its payload, which is on disk, has been asked for.
  bool durable : 1 = false;  ///< false: submitted, but not yet acknowledged; invisible, not runnable.

  /// What it has since it was started or has ended. Null: that is still to come.
  [[nodiscard]] const History* history() const { return history_or_run_at_.history(); }
  [[nodiscard]] History* history() { return history_or_run_at_.history(); }

  /// The same; made if there is none yet. Where it throws, nothing has changed.
  History& history(Histories& histories) {
    if (history() == nullptr) {
      auto made = histories.take();
      made->run_at = PackedWall(run_at());
      history_or_run_at_.set_history(std::move(made));
    }
    return *history();
  }

  /// Epoch: none.
  [[nodiscard]] base::WallTime run_at() const {
    return history() != nullptr ? history()->run_at.get() : history_or_run_at_.time();
  }
  /// Epoch: none. It has to fit into a PackedWall.
  void set_run_at(base::WallTime run_at) {
    if (history() != nullptr)
      history()->run_at = PackedWall(run_at);
    else
      history_or_run_at_.set_time(run_at);
  }

  /// Since when it has been due, if it is ready: when it was enqueued, or when its delay, its backoff or its
  /// last interruption was over.
  [[nodiscard]] base::WallTime due_since() const { return std::max(enqueued_at.get(), run_at()); }

  /// Epoch: it has never started.
  [[nodiscard]] base::WallTime started_at() const {
    return history() != nullptr ? history()->started_at.get() : base::WallTime{};
  }
  /// Epoch: it has not finished.
  [[nodiscard]] base::WallTime finished_at() const {
    return history() != nullptr ? history()->finished_at.get() : base::WallTime{};
  }

  [[nodiscard]] domain::Status status() const { return status_; }
  [[nodiscard]] domain::Reason reason() const { return reason_; }
  [[nodiscard]] domain::Progress progress() const {
    domain::Progress progress{.status = status_, .reason = reason_};
    if (const History* past = history()) {
      progress.deferrals = past->deferrals;
      progress.simulated = past->simulated;
      progress.attempts = past->attempts;
      progress.failures = past->failures;
      progress.interruptions = past->interruptions;
    }
    return progress;
  }
  /// Where it throws, nothing has changed.
  void set_progress(const domain::Progress& progress, Histories& histories) {
    if (history() != nullptr ||
        progress != domain::Progress{.status = progress.status, .reason = progress.reason}) {
      History& past = history(histories);
      past.deferrals = progress.deferrals;
      past.simulated = progress.simulated;
      past.attempts = progress.attempts;
      past.failures = progress.failures;
      past.interruptions = progress.interruptions;
    }
    status_ = progress.status;
    reason_ = progress.reason;
  }

  /// How the last attempt ended. Null: none has, or it left nothing to keep.
  [[nodiscard]] const journal::Ending* ending() const {
    return history() != nullptr ? history()->ending.get() : nullptr;
  }

  [[nodiscard]] std::optional<base::milliseconds> timeout() const {
    return timeout_ms > 0 ? std::optional(base::milliseconds(timeout_ms)) : std::nullopt;
  }
  [[nodiscard]] bool finished() const {
    return status_ == domain::Status::done || status_ == domain::Status::failed;
  }
  /// What it takes of its queue while it is queued.
  [[nodiscard]] Room room() const {
    return {.jobs = 1, .bytes = content.id().size() + content.payload_size()};
  }
  /// The bytes that retention_bytes counts.
  [[nodiscard]] std::size_t content_bytes() const {
    const auto* end = ending();
    return content.payload_size() +
           (end != nullptr ? end->last_error.size() + (end->result ? end->result->size() : 0) : 0);
  }
  /// About how many bytes it takes as JSON.
  [[nodiscard]] std::size_t json_bytes() const {
    constexpr std::size_t other_members = 400;  // With names, times and a lease, all of them together.
    return content_bytes() + content.id().size() + other_members;
  }
};

static_assert(sizeof(Record) == 64);

}  // namespace jobqd::stores::embedded
