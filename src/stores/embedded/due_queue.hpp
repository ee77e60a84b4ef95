#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <optional>
#include <set>

#include <jobqd/domain/clock.hpp>
#include <jobqd/engine/claim.hpp>

namespace jobqd::stores::embedded {

/// The earlier of two times, of which each may be none.
inline std::optional<domain::SteadyTime> earlier(std::optional<domain::SteadyTime> a,
                                                 std::optional<domain::SteadyTime> b) {
  return a && b ? std::min(*a, *b) : a ? a : b;
}

/// Jobs by the time at which they have to be looked at; at the same time the older one first. Not
/// thread-safe.
class DueQueue {
 public:
  struct Entry {
    domain::SteadyTime due;
    std::uint64_t number;  ///< Record::number.
    engine::JobHandle job;
    friend auto operator<=>(const Entry&, const Entry&) = default;
  };

  /// true when this is now the earliest.
  bool insert(Entry entry) {
    const auto inserted = entries_.insert(entry).first;
    return inserted == entries_.begin();
  }

  void erase(Entry entry) { entries_.erase(entry); }

  /// The earliest that is due at `now`, taken out.
  std::optional<engine::JobHandle> pop(domain::SteadyTime now) {
    if (entries_.empty() || entries_.begin()->due > now) return std::nullopt;
    return entries_.extract(entries_.begin()).value().job;
  }

  [[nodiscard]] std::optional<domain::SteadyTime> next() const {
    return entries_.empty() ? std::nullopt : std::optional(entries_.begin()->due);
  }

  /// The earliest whose job fits.
  template <class Fits>
  [[nodiscard]] std::optional<domain::SteadyTime> next_where(Fits fits) const {
    const auto found = std::ranges::find_if(entries_, fits, &Entry::job);
    return found == entries_.end() ? std::nullopt : std::optional(found->due);
  }

 private:
  std::set<Entry> entries_;
};

}  // namespace jobqd::stores::embedded
