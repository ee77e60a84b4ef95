#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include <jobqd/http/queue_history.hpp>

namespace jobqd::metrics::history {

/// Numbers intervals of equal length, one after the other.
using Slot = std::int64_t;

/// Names a queue as long as it is there. One that is added again gets another.
using QueueNumber = std::uint32_t;

/// A point of a queue.
struct Entry {
  QueueNumber queue = 0;
  http::HistoryPoint point = {};
};
static_assert(sizeof(Entry) == 32, "there may be one for each queue and interval");

/// The latest intervals of all queues, up to a fixed number of them. An interval holds only the queues that
/// had something to show, so that idle ones take no memory. Not thread-safe.
class Ring {
 public:
  /// `first`: the slot of the first interval that is going to be added. `length`: how many are kept.
  Ring(Slot first, std::size_t length) : begin_(first), length_(length) {}

  /// Adds the next interval. Its entries are in the order of their queues.
  void add(std::vector<Entry> entries);

  /// Adds intervals in which nobody looked, so that `end` is the next to be added.
  void skip_to(Slot end);

  /// Forgets the oldest interval. There is one.
  void drop_oldest();

  [[nodiscard]] Slot begin() const { return begin_; }  ///< The oldest that is there.
  [[nodiscard]] Slot end() const { return begin_ + static_cast<Slot>(intervals_.size()); }  ///< The next.
  [[nodiscard]] bool empty() const { return intervals_.empty(); }

  /// The figures of a queue. Empty if the interval is not there, or nobody looked.
  [[nodiscard]] std::optional<http::HistoryPoint> find(Slot slot, std::optional<QueueNumber> queue) const;

  /// The memory that the intervals take.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  using Interval = std::optional<std::vector<Entry>>;  ///< Empty: nobody looked.

  void push(Interval interval);
  [[nodiscard]] static std::size_t bytes_of(const Interval& interval);

  Slot begin_;
  std::size_t length_;
  std::deque<Interval> intervals_;
  std::size_t bytes_ = 0;
};

/// The points of a queue in the latest intervals of the ring, each over `half_steps` halves of an interval, 2
/// or more. Where a point takes one half of an interval, it gets half of what happened in it; what there was
/// at its end is taken from the last interval that ends in it. The points stay where they are in time: the
/// last one ends at a multiple of their length, and what comes after it is left out.
[[nodiscard]] http::HistoryPoints read_points(const Ring& ring, std::optional<QueueNumber> queue,
                                              Slot half_steps, std::size_t count);

/// The end of the last point of read_points(), in halves of an interval.
[[nodiscard]] inline Slot end_of_points(const Ring& ring, Slot half_steps) {
  return ring.end() * 2 / half_steps * half_steps;
}

}  // namespace jobqd::metrics::history
