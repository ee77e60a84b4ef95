#pragma once

#include <array>
#include <cstddef>
#include <set>
#include <span>
#include <string>

#include <jobqd/engine/operations.hpp>

namespace jobqd::metrics {

/// Copies the figures of all queues, at most 64 of them under one hold of the store's lock. One thread at a
/// time.
class EveryQueue {
 public:
  /// `operations` outlives this object.
  explicit EveryQueue(const engine::Operations& operations) : operations_(operations) {}

  /// Calls `visit` with the figures of each queue, once. Returns the names.
  std::set<std::string> visit(auto visit) {
    std::set<std::string> names;
    std::size_t from = 0;
    do {
      const auto copied = operations_.copy_counts(from, counts_);
      for (const auto& queue : std::span(counts_).first(copied.queues))
        // One may have moved while others came and went.
        if (names.insert(queue.name).second) visit(queue);
      from = copied.next;
    } while (from != 0);
    return names;
  }

 private:
  const engine::Operations& operations_;
  std::array<engine::QueueCounts, 64> counts_;  ///< Kept, so that copying allocates nothing.
};

}  // namespace jobqd::metrics
