#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "stores/embedded/job_handle.hpp"
#include "stores/embedded/keyed_fifo.hpp"

namespace jobqd::stores::embedded {

/// The jobs of one queue that are ready to start: the highest priority first, first in first out within one
/// priority.
///
/// Not thread-safe.
class ReadyQueue {
 public:
  ReadyQueue() = default;
  /// Tickets continue from here.
  explicit ReadyQueue(std::uint64_t last_ticket) : last_ticket_(last_ticket) {}

  /// Adds a job behind all of its priority.
  Ticket push(int priority, JobSlot job) {
    last_ticket_ = ticket_after(last_ticket_);
    lanes_[priority].push(last_ticket_, job);
    ++size_;
    return Ticket(last_ticket_);
  }

  /// Puts a popped job back into its old position.
  void put_back(int priority, Ticket ticket, JobSlot job) {
    lanes_[priority].put_back(ticket.get(last_ticket_), job);
    ++size_;
  }

  /// Takes the next job. Empty when no job is ready.
  std::optional<JobSlot> pop() {
    if (size_ == 0) return std::nullopt;
    const auto lane = std::ranges::find_if(lanes_, [](const auto& entry) { return !entry.second.empty(); });
    --size_;
    return lane->second.pop();
  }

  /// The job that pop() would take. Empty when no job is ready.
  [[nodiscard]] std::optional<JobSlot> next() const {
    const auto lane = std::ranges::find_if(lanes_, [](const auto& entry) { return !entry.second.empty(); });
    return lane == lanes_.end() ? std::nullopt : std::optional(lane->second.front());
  }

  /// Visits jobs in the order in which pop() would take them, until `visit` returns false, and at most so
  /// many of them and of the gaps that erased ones have left.
  template <class Visit>
  void visit_in_order(std::size_t most, Visit visit) const {
    for (const auto& [priority, lane] : lanes_) {
      most = lane.visit_oldest_first(most, visit);
      if (most == 0) return;
    }
  }

  /// Takes a job out of the middle. false: it is not in the queue.
  bool erase(int priority, Ticket ticket) {
    const auto lane = lanes_.find(priority);
    if (lane == lanes_.end() || !lane->second.erase(ticket.get(last_ticket_))) return false;
    --size_;
    return true;
  }

  /// Calls `visit` with the first job of each priority.
  void visit_fronts(auto visit) const {
    for (const auto& [priority, lane] : lanes_)
      if (!lane.empty()) visit(lane.front());
  }

  /// Jobs that are ready.
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

 private:
  std::map<int, KeyedFifo<JobSlot>, std::greater<>> lanes_;  ///< Empty lanes stay: they will be needed again.
  std::size_t size_ = 0;
  std::uint64_t last_ticket_ = 0;
};

}  // namespace jobqd::stores::embedded
