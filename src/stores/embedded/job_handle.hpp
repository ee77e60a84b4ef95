#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "stores/embedded/packed.hpp"

namespace jobqd::stores::embedded {

/// Where the job table keeps a job. The slot of a job that was erased is used again.
class JobSlot {
 public:
  constexpr JobSlot() = default;
  constexpr explicit JobSlot(std::uint32_t number) : number_(number) {}

  /// 0: none.
  [[nodiscard]] constexpr std::uint32_t number() const { return number_; }

  friend constexpr auto operator<=>(JobSlot a, JobSlot b) { return a.number() <=> b.number(); }
  friend constexpr bool operator==(JobSlot a, JobSlot b) { return a.number() == b.number(); }

 private:
  [[gnu::packed]] std::uint32_t number_ = 0;  // Not aligned, so that there is no gap between it and 6 bytes.
};

/// Names a job inside the store that made it, for good: numbers are never used twice, so a handle that
/// outlives its job never finds another one in the same slot.
struct JobHandle {
  std::uint64_t number = 0;  ///< Record::number. 0: no job.
  JobSlot slot = {};

  /// Older jobs first.
  friend auto operator<=>(const JobHandle&, const JobHandle&) = default;
  friend bool operator==(const JobHandle&, const JobHandle&) = default;
};

struct HashOfHandle {
  std::size_t operator()(const JobHandle& job) const { return std::hash<std::uint64_t>{}(job.number); }
};

/// A job's position in a queue whose tickets only grow; that queue knows the largest. Ticket{} is no ticket.
using Ticket = PackedNumber;

/// The ticket that comes after this one: none that Ticket could not tell from "no ticket".
[[nodiscard]] constexpr std::uint64_t ticket_after(std::uint64_t last) {
  return Ticket(last + 1).is_zero() ? last + 2 : last + 1;
}

}  // namespace jobqd::stores::embedded
