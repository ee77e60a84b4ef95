#pragma once

#include <array>
#include <cstdint>
#include <numeric>

#include <jobqd/base/clock.hpp>

namespace jobqd::base {

/// How often something happened in the last 60 seconds, to the second. Pure: the caller passes the
/// time, which must not go back. Not thread-safe.
class MinuteCounter {
 public:
  void add(SteadyTime now, std::uint32_t times = 1) {
    const auto second = second_of(now);
    auto& bucket = buckets_.at(static_cast<std::size_t>(second % seconds));
    if (bucket.second != second) bucket = {.second = second};
    bucket.times += times;
  }

  /// Undoes one add() of that time.
  void take_back(SteadyTime added) {
    const auto second = second_of(added);
    auto& bucket = buckets_.at(static_cast<std::size_t>(second % seconds));
    if (bucket.second == second) --bucket.times;
  }

  [[nodiscard]] std::uint64_t count(SteadyTime now) const {
    const auto oldest = second_of(now) - seconds;
    return std::accumulate(buckets_.begin(), buckets_.end(), std::uint64_t{0},
                           [oldest](std::uint64_t sum, const Bucket& bucket) {
                             return sum + (bucket.second > oldest ? bucket.times : 0);
                           });
  }

 private:
  static constexpr std::int64_t seconds = 60;
  struct Bucket {
    std::int64_t second = -seconds;
    std::uint32_t times = 0;
  };

  static std::int64_t second_of(SteadyTime time) {
    return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
  }

  std::array<Bucket, seconds> buckets_{};
};

}  // namespace jobqd::base
