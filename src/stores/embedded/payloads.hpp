#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include <jobqd/base/clock.hpp>

#include "stores/embedded/effects.hpp"
#include "stores/embedded/job_handle.hpp"
#include "stores/embedded/job_table.hpp"
#include "stores/embedded/queue.hpp"
#include "stores/journal/payload_source.hpp"

namespace jobqd::stores::embedded {

/// Which payloads of waiting jobs are in memory. Beyond a budget they stay on disk, those of the jobs that
/// come last, and are read back when the turn of their job is near.
///
/// 1. Only a queued, durable job may be without its payload. The budget counts those of queued jobs alone.
/// 2. Whether a payload stays in memory is decided once, when its job begins to wait.
/// 3. In front of each queue, in the order of starts, is a window of jobs with payloads that are here or
///    asked for. It is looked at again when half of it has started, and when the next job has no payload.
/// 4. Where the budget is used up by other queues, a queue may exceed it by least_window(), or by one job.
///
/// Not thread-safe: the store's lock guards all of it. All functions are O(1), except that a look visits the
/// window, once for half as many starts. The table and the queues outlive this object.
class Payloads {
 public:
  /// In bytes, for each queue.
  [[nodiscard]] std::size_t least_window() const { return std::min(budget_ / 16, std::size_t{64} * 1024); }
  static constexpr std::size_t window_bytes = 4UL * 1024 * 1024;
  static constexpr std::size_t window_jobs = 1'024;
  static constexpr base::milliseconds try_again{500};  ///< After a failed reading.

  /// Jobs whose payloads are to be read.
  struct Asked {
    std::vector<JobHandle> jobs;
    std::size_t bytes = 0;  ///< What they are expected to take of the budget.
  };

  /// Reads these and calls arrived(). Called without the store's lock.
  using Ask = std::function<void(Asked)>;

  /// `spills`: the journal can read payloads back. Otherwise all of them stay in memory.
  Payloads(JobTable& table, Queues& queues, std::size_t budget, bool spills)
      : table_(table), queues_(queues), budget_(budget), spills_(spills) {}

  /// Once, before jobs start, if the journal can read payloads back.
  void set_ask(Ask ask) { ask_ = std::move(ask); }

  /// Whether new jobs with payloads of these bytes may wait.
  [[nodiscard]] bool takes(std::size_t bytes) const {
    return spills_ || (bytes <= budget_ && resident_ <= budget_ - bytes);
  }
  /// Whether takes() may ever refuse.
  [[nodiscard]] bool are_bounded() const { return !spills_; }
  [[nodiscard]] std::size_t budget() const { return budget_; }
  /// What waiting jobs take of the budget.
  [[nodiscard]] std::size_t resident() const { return resident_; }

  /// The job, which is queued, begins to wait: it is new, or it comes back. If its payload is beyond the
  /// budget, it is dropped, unless the job is not durable yet.
  void begin_wait(Record& record);
  /// The same of a job that goes back in front of its queue: its payload stays.
  void begin_wait_in_front(const Record& record) { count(record); }
  /// The job starts, or leaves its queue for good.
  void end_wait(const Record& record);

  /// The job came into the ready queue of its queue, or left it.
  void entered_ready(const Record& record) {
    if (!record.content.has_payload()) ++queues_[record.queue].payloads.on_disk;
  }
  void left_ready(const Record& record) {
    if (!record.content.has_payload()) --queues_[record.queue].payloads.on_disk;
  }

  /// Whether far more payloads have been in memory than are now, since forget_burst().
  [[nodiscard]] bool has_spare_room() const {
    constexpr std::size_t worth_it = 64UL * 1024 * 1024;
    return most_resident_ >= worth_it && resident_ < most_resident_ / 8;
  }
  void forget_burst() { most_resident_ = resident_; }

  /// Whether the payload of the next job of the queue with this index, which has ready jobs, is here. If not,
  /// it will come, and may_start() is called then. Has the next ones read as well.
  bool next_is_here(Effects& effects, std::uint16_t index);

  /// Jobs that were asked for have been read, or could not be. Returns those that are still there and have no
  /// sound row.
  [[nodiscard]] std::vector<JobHandle> arrived(Effects& effects, const Asked& asked,
                                               journal::ReadPayloads read);

  /// Asks again after a failure. Returns when to look again.
  std::optional<base::SteadyTime> tick(Effects& effects);

 private:
  /// What it takes of the budget. With a payload as small as this, leaving it on disk would spare next to
  /// nothing.
  [[nodiscard]] std::size_t weight(const Record& record) const {
    constexpr std::size_t small = 32;
    const auto size = record.content.payload_size();
    return spills_ && size <= small ? 0 : size;
  }
  [[nodiscard]] bool stays(const Queue& queue, std::size_t bytes) const;
  void count(const Record& record);
  void look_ahead(Effects& effects, std::uint16_t index);
  /// false: it is not what the job has.
  bool take_in(Effects& effects, Record& record, journal::JobBytes content);

  JobTable& table_;
  Queues& queues_;
  const std::size_t budget_;
  const bool spills_;
  Ask ask_;
  std::size_t resident_ = 0;                      ///< Bytes that count.
  std::size_t most_resident_ = 0;                 ///< Since forget_burst().
  std::size_t asked_ = 0;                         ///< Bytes that are on their way.
  std::optional<base::SteadyTime> failed_until_;  ///< Nothing is asked for until then.
};

}  // namespace jobqd::stores::embedded
