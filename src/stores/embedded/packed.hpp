#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ratio>

#include <jobqd/base/check.hpp>
#include <jobqd/base/clock.hpp>

/// Values in 6 bytes instead of 8, for records of which there are millions.
namespace jobqd::stores::embedded {

/// The lower 48 bits of a number.
class Low48 {
 public:
  static constexpr std::uint64_t mask = (std::uint64_t{1} << 48) - 1;
  static constexpr auto highest = static_cast<std::int64_t>(mask >> 1);
  static constexpr std::int64_t lowest = -highest - 1;

  constexpr Low48() = default;
  constexpr explicit Low48(std::uint64_t number)
      : low_(static_cast<std::uint32_t>(number)), high_(static_cast<std::uint16_t>(number >> 32)) {}

  [[nodiscard]] constexpr std::uint64_t get() const {
    return std::uint64_t{low_} | std::uint64_t{high_} << 32;
  }
  /// The number that it was made of, if that was from `lowest` to `highest`.
  [[nodiscard]] constexpr std::int64_t get_signed() const {
    return static_cast<std::int64_t>(get() << 16) >> 16;
  }

  friend constexpr bool operator==(Low48 a, Low48 b) { return a.get() == b.get(); }

 private:
  [[gnu::packed]] std::uint32_t low_ = 0;  // Not aligned, so that there is no gap behind the other.
  std::uint16_t high_ = 0;
};

/// A number that only grows, such as a ticket or the number of a job. Whoever gives the numbers out knows the
/// largest so far, and that tells which one was packed: so numbers use all 64 bits, and only those that are
/// in use at the same time have to lie less than 2^48 apart. At a million jobs a second, 2^48 are 8 years.
class PackedNumber {
 public:
  constexpr PackedNumber() = default;
  constexpr explicit PackedNumber(std::uint64_t number) : low_(number) {}

  /// `largest`: so far, or larger than that.
  [[nodiscard]] constexpr std::uint64_t get(std::uint64_t largest) const {
    return largest - ((largest - low_.get()) & Low48::mask);
  }

  /// Whether it is 0, or cannot be told from 0.
  [[nodiscard]] constexpr bool is_zero() const { return low_ == Low48{}; }

  bool operator==(const PackedNumber&) const = default;

 private:
  Low48 low_;
};

/// A time of the monotonic clock, in steps of 8 µs, of which a millisecond has 125, within 35 years before
/// and after the clock's zero, the start of the machine.
///
/// A time between two steps becomes the later one, because nothing may happen early. One that is further away
/// than 35 years becomes the last one within. The zero, which stands for "none", stays the zero.
class PackedSteady {
 public:
  constexpr PackedSteady() = default;
  // NOLINTNEXTLINE(google-explicit-constructor,hicpp-explicit-conversions): it stands for that time.
  constexpr PackedSteady(base::SteadyTime time)
      : low_(static_cast<std::uint64_t>(std::clamp(std::chrono::ceil<Steps>(time.time_since_epoch()).count(),
                                                   Low48::lowest, Low48::highest))) {}

  [[nodiscard]] constexpr base::SteadyTime get() const { return base::SteadyTime{Steps{low_.get_signed()}}; }
  [[nodiscard]] constexpr bool is_none() const { return low_ == Low48{}; }

  /// From 0 to 2^48 - 1, in the order of time.
  [[nodiscard]] constexpr std::uint64_t rank() const { return low_.get() ^ sign; }
  [[nodiscard]] static constexpr PackedSteady of_rank(std::uint64_t rank) {
    PackedSteady time;
    time.low_ = Low48{rank ^ sign};
    return time;
  }

 private:
  using Steps = std::chrono::duration<std::int64_t, std::ratio<8, 1'000'000>>;
  static constexpr auto sign = static_cast<std::uint64_t>(Low48::highest) + 1;

  Low48 low_;
};

/// A time of the calendar, exact, within 4,459 years before and after 1970. No clock shows another one: the
/// operating system's counts nanoseconds in 64 bits, which end in 2262.
class PackedWall {
 public:
  constexpr PackedWall() = default;
  /// It has to fit.
  constexpr explicit PackedWall(base::WallTime time)
      : low_(static_cast<std::uint64_t>(time.time_since_epoch().count())) {
    JOBQD_CHECK(fits(time));
  }

  [[nodiscard]] constexpr base::WallTime get() const {
    return base::WallTime{base::milliseconds{low_.get_signed()}};
  }
  [[nodiscard]] static constexpr bool fits(base::WallTime time) {
    const auto count = time.time_since_epoch().count();
    return count >= Low48::lowest && count <= Low48::highest;
  }

  bool operator==(const PackedWall&) const = default;

 private:
  Low48 low_;
};

}  // namespace jobqd::stores::embedded
