#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <jobqd/engine/queue_counts.hpp>
#include <jobqd/http/queue_history.hpp>

namespace jobqd::metrics::history {

/// The queues of one moment, in each of the orders that a page may have. An order is made when a page asks
/// for it. Not thread-safe.
class QueueOrder {
 public:
  void add(const engine::QueueCounts& queue);

  /// A page, without points. Takes a time that grows with the number of queues.
  [[nodiscard]] http::QueuePage page(const http::QueuePageQuery& query);

 private:
  static constexpr std::size_t sort_count = static_cast<std::size_t>(http::QueueSort::oldest) + 1;

  struct Row {
    std::string name;
    std::array<std::uint64_t, sort_count> keys{};  ///< Indexed by QueueSort.
  };
  using Order = std::vector<const Row*>;

  const Order& sorted(http::QueueSort sort);

  std::vector<Row> rows_;
  std::array<std::optional<Order>, sort_count> orders_;
};

}  // namespace jobqd::metrics::history
