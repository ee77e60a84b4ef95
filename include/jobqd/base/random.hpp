#pragma once

#include <cstdint>
#include <random>

#include <jobqd/base/mutex.hpp>

namespace jobqd::base {

/// A seeded source of random numbers: the same seed gives the same run.
/// Thread-safe; which thread draws which number depends on their order.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  /// A seed from the operating system.
  static std::uint64_t system_seed();

  /// All 64 bits uniform.
  std::uint64_t bits();

  /// Uniform in [0, 1), 53 bits.
  double fraction();

  /// Uniform in [low, high], both included. low <= high.
  std::int64_t between(std::int64_t low, std::int64_t high);

 private:
  Mutex mutex_;
  std::mt19937_64 engine_ JOBQD_GUARDED_BY(mutex_);
};

}  // namespace jobqd::base
