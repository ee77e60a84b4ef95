#pragma once

#include <cstddef>

namespace jobqd::support {

/// As long as it lives, one allocation with `new` on the thread that made it throws std::bad_alloc: the
/// `number`-th, counted from 1. One at a time in a thread. A program that uses it has another global
/// operator new, which otherwise behaves as the usual one.
class FailingAllocation {
 public:
  explicit FailingAllocation(std::size_t number);
  ~FailingAllocation();

  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;

  /// Whether the allocation was asked for, and failed.
  [[nodiscard]] static bool happened();
};

}  // namespace jobqd::support
