#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include <jobqd/base/clock.hpp>

#include "stores/embedded/job_handle.hpp"
#include "stores/embedded/job_table.hpp"
#include "stores/embedded/keyed_fifo.hpp"

namespace jobqd::stores::embedded {

/// The finished jobs, in the order in which they ended, and which of them has to be forgotten: by age, by
/// number, or by bytes. Those that failed are indexed by queue and number as well: they are few among many,
/// and are what is looked for.
///
/// Not thread-safe. Uses Record::due (when retention ends) and Record::ticket of finished jobs in the table,
/// which outlives this object.
class FinishedJobs {
 public:
  struct Limits {
    std::size_t jobs;   ///< Of all queues together.
    std::size_t bytes;  ///< Of their payloads, results and errors.
  };

  /// Tickets continue from `last_ticket`.
  FinishedJobs(JobTable& table, Limits limits, std::uint64_t last_ticket = 0)
      : table_(table), limits_(limits), last_ticket_(last_ticket) {}

  /// Adds a job that has just ended, later than all others; it is kept until `until`.
  void add(JobHandle job, base::SteadyTime until);

  /// The job is not finished any more, or is about to be forgotten.
  void remove(JobHandle job);

  /// The retention of a queue, given by its index, has changed by this much.
  void keep_longer(std::uint16_t queue, base::milliseconds by);

  /// Visits (number, slot) of the failed jobs of a queue, given by its index, from the newest whose number is
  /// smaller than `before` (0: from the newest) towards the oldest, until `visit` returns false.
  template <class Visit>
  void visit_failed(std::uint16_t queue, std::uint64_t before, Visit visit) const {
    if (queue >= failed_.size()) return;
    const auto& jobs = failed_[queue];
    auto end = before == 0 ? jobs.end() : jobs.lower_bound(before);
    while (end != jobs.begin()) {
      --end;
      if (!visit(end->first, end->second)) return;
    }
  }

  /// A job that has to be forgotten at `now`. Empty when all may stay.
  [[nodiscard]] std::optional<JobHandle> next_to_forget(base::SteadyTime now) const;

  /// When the next job has to be forgotten because of its age.
  [[nodiscard]] std::optional<base::SteadyTime> next_expiry() const;

 private:
  [[nodiscard]] const Record& front_of(const KeyedFifo<JobSlot>& queue) const {
    return table_.at(table_.handle(queue.front()));
  }

  JobTable& table_;
  const Limits limits_;
  std::deque<KeyedFifo<JobSlot>> queues_;  ///< By index, as far as jobs have come.
  /// The failed jobs by number; of each queue by index, as far as jobs have come.
  std::deque<std::map<std::uint64_t, JobSlot>> failed_;
  std::size_t jobs_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t last_ticket_;
};

}  // namespace jobqd::stores::embedded
