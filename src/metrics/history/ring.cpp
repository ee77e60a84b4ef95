#include "metrics/history/ring.hpp"

#include <algorithm>

#include <jobqd/base/check.hpp>

#include "metrics/history/points.hpp"

namespace jobqd::metrics::history {

void Ring::add(std::vector<Entry> entries) {
  push(std::move(entries));
}

void Ring::skip_to(Slot end) {
  if (end - this->end() > static_cast<Slot>(length_)) {
    intervals_.clear();
    bytes_ = 0;
    begin_ = end - static_cast<Slot>(length_);
  }
  while (this->end() < end) push(std::nullopt);
}

void Ring::push(Interval interval) {
  bytes_ += bytes_of(interval);
  intervals_.push_back(std::move(interval));
  if (intervals_.size() > length_) drop_oldest();
}

void Ring::drop_oldest() {
  JOBQD_CHECK(!intervals_.empty());
  bytes_ -= bytes_of(intervals_.front());
  intervals_.pop_front();
  ++begin_;
}

std::size_t Ring::bytes_of(const Interval& interval) {
  return sizeof(Interval) + (interval ? interval->capacity() * sizeof(Entry) : 0);
}

std::optional<http::HistoryPoint> Ring::find(Slot slot, std::optional<QueueNumber> queue) const {
  if (slot < begin_ || slot >= end()) return std::nullopt;
  const auto& interval = intervals_[static_cast<std::size_t>(slot - begin_)];
  if (!interval) return std::nullopt;
  if (!queue) return http::HistoryPoint{};
  const auto found = std::ranges::lower_bound(*interval, *queue, {}, &Entry::queue);
  return found != interval->end() && found->queue == *queue ? found->point : http::HistoryPoint{};
}

namespace {

/// What happened in a half of an interval. The halves add up to the whole.
http::HistoryPoint half_of(http::HistoryPoint point, bool second) {
  for (const auto count : counts_of_points) {
    const auto half = point.*count / 2;
    point.*count = second ? point.*count - half : half;
  }
  return point;
}

}  // namespace

http::HistoryPoints read_points(const Ring& ring, std::optional<QueueNumber> queue, Slot half_steps,
                                std::size_t count) {
  JOBQD_CHECK(half_steps >= 2);
  http::HistoryPoints points(count);
  auto half = end_of_points(ring, half_steps) - static_cast<Slot>(count) * half_steps;
  // Of a time before there were any slots: nothing is known, and nothing to be divided.
  for (auto& point : points)
    for (const auto end = half + half_steps; half < end; ++half) {
      const auto found = half < 0 ? std::nullopt : ring.find(half / 2, queue);
      if (!found) continue;
      const bool second = half % 2 != 0;
      if (!point) point.emplace();
      add_counts(*point, half_of(*found, second));
      if (second) set_levels(*point, *found);
    }
  return points;
}

}  // namespace jobqd::metrics::history
