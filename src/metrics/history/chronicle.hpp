#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/engine/queue_counts.hpp>
#include <jobqd/http/queue_history.hpp>

#include "metrics/history/ring.hpp"

namespace jobqd::metrics::history {

inline constexpr std::chrono::seconds fine_step{10};
inline constexpr std::size_t fine_points = 360;  ///< An hour.
inline constexpr Slot fine_in_coarse = 30;
inline constexpr std::chrono::seconds coarse_step = fine_step * fine_in_coarse;
inline constexpr std::size_t coarse_points = 288;  ///< A day.

/// What happened to the jobs of all queues: an hour in intervals of 10 s, and a day in intervals of 5 min.
///
/// Its owner samples the queues when it is due(). Intervals begin at full 10 s and 5 min of the calendar, as
/// it was at the start. What happened is counted in the interval that ended last when it was seen. Memory is
/// bounded: if it is used up, the oldest of the coarse intervals go, then the oldest of the fine ones, for
/// all queues alike. Not thread-safe; reads no clock.
class Chronicle {
 public:
  /// `max_bytes`: how much memory it may take.
  Chronicle(base::Now start, std::size_t max_bytes);

  /// When the present interval ends.
  [[nodiscard]] base::SteadyTime due() const { return start_of(fine_.end() + 1); }

  /// Begins a sample, which is due: add() for each queue and end() follow. Intervals that nobody has sampled
  /// since the last time are empty.
  void begin(base::Now now);
  void add(const engine::QueueCounts& queue);
  /// Queues that were not added are gone, and what is known of them too.
  void end();

  /// In place of end(), if there is no memory for a sample: as if nobody had looked.
  void give_up(base::Now now) { fine_.skip_to(slot_of(now.steady)); }

  /// The figures that queues begin with, in place of the first sample: add() and end_baseline().
  void end_baseline();

  /// The latest points of a queue; zeros if nothing is known of it. `span`: as the port demands.
  [[nodiscard]] http::HistoryPoints read(std::string_view queue, http::HistorySpan span) const;

  /// Where these points are in time. To the second, so that it stays the same while the clock is adjusted.
  [[nodiscard]] http::Timeline timeline(http::HistorySpan span, base::Now now) const;

  /// The memory that is used.
  [[nodiscard]] std::size_t bytes() const;

 private:
  /// What is counted of a queue from the beginning.
  struct Totals {
    std::uint64_t enqueued = 0;
    std::uint64_t started = 0;
    std::uint64_t done = 0;
    std::uint64_t failed = 0;
  };
  /// A queue that has had anything to show.
  struct Followed {
    QueueNumber number = 0;
    Totals totals = {};
    http::HistoryPoint point = {};   ///< Of the present sample.
    http::HistoryPoint coarse = {};  ///< Of the present coarse interval.
    bool seen = false;               ///< In the present sample.
  };
  /// About what one of them takes, with its name.
  static constexpr std::size_t bytes_of_followed = sizeof(Followed) + 96;

  [[nodiscard]] static Totals totals_of(const engine::QueueCounts& queue);
  [[nodiscard]] base::SteadyTime start_of(Slot fine) const { return origin_ + fine * fine_step; }
  [[nodiscard]] Slot slot_of(base::SteadyTime time) const { return (time - origin_) / fine_step; }
  [[nodiscard]] const Ring& ring_for(http::HistorySpan span) const;
  void forget_gone();
  /// The queues whose points are not all zero, in their order.
  [[nodiscard]] std::vector<Entry> entries(http::HistoryPoint Followed::* point) const;
  void end_coarse();
  void keep_within_bounds();

  const base::SteadyTime start_;
  const base::SteadyTime origin_;  ///< Where slot 0 of either ring begins.
  const std::size_t max_bytes_;
  Ring fine_;
  Ring coarse_;
  bool coarse_begun_ = false;  ///< A sample belongs to the present coarse interval.
  std::map<std::string, Followed, std::less<>> followed_;
  QueueNumber last_number_ = 0;
};

}  // namespace jobqd::metrics::history
