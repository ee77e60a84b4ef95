#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace jobqd::traces {

/// A count that many threads raise and few read. Thread-safe.
///
/// Each thread adds to one of some parts, in lines of the cache of their own: in a flood of spans every
/// worker adds at the end of every attempt, and would wait for the line of a single number.
class DropCount {
 public:
  void add(std::uint64_t spans) { parts_[own_part()].spans.fetch_add(spans, std::memory_order_relaxed); }

  /// Never falls from one call to the next of the same thread.
  [[nodiscard]] std::uint64_t total() const {
    std::uint64_t total = 0;
    for (const auto& part : parts_) total += part.spans.load(std::memory_order_relaxed);
    return total;
  }

 private:
  static constexpr std::size_t parts = 16;
  struct alignas(64) Part {
    std::atomic<std::uint64_t> spans{0};
  };

  /// Parts are given out in turn.
  static std::size_t own_part() {
    static std::atomic<std::size_t> threads{0};
    thread_local const std::size_t own = threads.fetch_add(1, std::memory_order_relaxed) % parts;
    return own;
  }

  std::array<Part, parts> parts_{};
};

}  // namespace jobqd::traces
