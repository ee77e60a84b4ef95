#pragma once

#include <cstddef>
#include <cstdint>

#include <jobqd/base/check.hpp>

namespace jobqd::stores::embedded {

/// How much of a queue jobs take: places, and the bytes of their ids and payloads.
struct Room {
  std::size_t jobs = 0;
  std::size_t bytes = 0;
  Room& operator+=(Room other) {
    jobs += other.jobs;
    bytes += other.bytes;
    return *this;
  }
  bool operator==(const Room&) const = default;
};

/// What a queue has too little of.
enum class Lack : std::uint8_t { nothing, places, bytes };

/// Counts the room that the queued jobs of one queue take.
///
/// A job takes its room when it is admitted and holds it until it starts or leaves, also while it waits for
/// its due time. A job that comes back takes it again even if none is free: new jobs never keep old ones out.
///
/// Not thread-safe.
class Places {
 public:
  explicit Places(Room limits) : limits_(limits) {}

  /// Takes room for new jobs, unless the queue lacks something.
  [[nodiscard]] Lack try_take(Room wanted) {
    if (!fits(wanted.jobs, taken_.jobs, limits_.jobs)) return Lack::places;
    if (!fits(wanted.bytes, taken_.bytes, limits_.bytes)) return Lack::bytes;
    take_again(wanted);
    return Lack::nothing;
  }

  /// Takes room for jobs that were admitted before.
  void take_again(Room wanted) { taken_ += wanted; }

  void release(Room room) {
    JOBQD_CHECK(taken_.jobs >= room.jobs && taken_.bytes >= room.bytes);
    taken_.jobs -= room.jobs;
    taken_.bytes -= room.bytes;
  }

  /// Apply to new jobs only.
  void set_limits(Room limits) { limits_ = limits; }

  /// May exceed the limits, through take_again() and set_limits().
  [[nodiscard]] Room taken() const { return taken_; }

 private:
  static bool fits(std::size_t wanted, std::size_t taken, std::size_t limit) {
    return wanted <= limit && taken <= limit - wanted;
  }

  Room limits_;
  Room taken_;
};

}  // namespace jobqd::stores::embedded
