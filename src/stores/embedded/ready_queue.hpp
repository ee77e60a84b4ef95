#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include <jobqd/base/check.hpp>

#include "stores/embedded/job_handle.hpp"
#include "stores/embedded/keyed_fifo.hpp"

namespace jobqd::stores::embedded {

/// The jobs of one queue that are ready to start: the highest priority first, first in first out within one
/// priority. It also counts the places of the queue.
///
/// Capacity counts places, not ready jobs: a job takes a place when it is admitted and holds it until it is
/// popped or erased, also while it waits outside this queue for its due time.
///
/// Not thread-safe.
class ReadyQueue {
 public:
  explicit ReadyQueue(std::size_t capacity) : capacity_(capacity) {}

  /// Takes places for new jobs, all or none: false when fewer are free.
  bool try_reserve(std::size_t places) {
    if (places > capacity_ || places_ > capacity_ - places) return false;
    places_ += places;
    return true;
  }

  /// Takes a place for a job that was admitted before and comes back, even when none is free: new jobs never
  /// keep old ones out.
  void reserve_again() { ++places_; }

  /// Gives back places of jobs that are not ready.
  void release(std::size_t places) {
    JOBQD_CHECK(places_ >= size_ + places);
    places_ -= places;
  }

  /// Applies to new jobs only.
  void set_capacity(std::size_t capacity) { capacity_ = capacity; }

  /// Puts a job into a place that it holds, behind all of its priority.
  Ticket push(int priority, JobHandle job) {
    JOBQD_CHECK(places_ > size_);
    lanes_[priority].push(++last_ticket_, job);
    ++size_;
    return last_ticket_;
  }

  /// Puts a popped job back into its old position, even if no place is free.
  void put_back(int priority, Ticket ticket, JobHandle job) {
    lanes_[priority].put_back(ticket, job);
    ++size_;
    ++places_;
  }

  /// The next job and its place. Empty when no job is ready.
  std::optional<JobHandle> pop() {
    if (size_ == 0) return std::nullopt;
    const auto lane = std::ranges::find_if(lanes_, [](const auto& entry) { return !entry.second.empty(); });
    --size_;
    --places_;
    return lane->second.pop();
  }

  /// The job that pop() would take. Empty when no job is ready.
  [[nodiscard]] std::optional<JobHandle> next() const {
    const auto lane = std::ranges::find_if(lanes_, [](const auto& entry) { return !entry.second.empty(); });
    return lane == lanes_.end() ? std::nullopt : std::optional(lane->second.front());
  }

  /// Takes a job and its place out of the middle. false: it is not in the queue.
  bool erase(int priority, Ticket ticket) {
    const auto lane = lanes_.find(priority);
    if (lane == lanes_.end() || !lane->second.erase(ticket)) return false;
    --size_;
    --places_;
    return true;
  }

  /// The first job of each priority.
  [[nodiscard]] std::vector<JobHandle> fronts() const {
    std::vector<JobHandle> jobs;
    for (const auto& [priority, lane] : lanes_)
      if (!lane.empty()) jobs.push_back(lane.front());
    return jobs;
  }

  /// Jobs that are ready.
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

  /// Places taken. May exceed the capacity, through reserve_again() and put_back().
  [[nodiscard]] std::size_t places() const { return places_; }

 private:
  std::size_t capacity_;
  std::map<int, KeyedFifo<JobHandle>, std::greater<>>
      lanes_;  ///< Empty lanes stay: they will be needed again.
  std::size_t size_ = 0;
  std::size_t places_ = 0;
  Ticket last_ticket_ = 0;
};

}  // namespace jobqd::stores::embedded
