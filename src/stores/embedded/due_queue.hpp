#pragma once

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include <jobqd/domain/clock.hpp>
#include <jobqd/engine/claim.hpp>

namespace jobqd::stores::embedded {

/// Jobs by the time at which they have to be looked at; the same time by handle. Not thread-safe.
class DueQueue {
 public:
  /// true when this is now the earliest.
  bool insert(domain::SteadyTime due, engine::JobHandle job) {
    const auto entry = entries_.emplace(due, job).first;
    return entry == entries_.begin();
  }

  void erase(domain::SteadyTime due, engine::JobHandle job) { entries_.erase({due, job}); }

  /// The earliest that is due at `now`, taken out.
  std::optional<engine::JobHandle> pop(domain::SteadyTime now) {
    if (entries_.empty() || entries_.begin()->first > now) return std::nullopt;
    return entries_.extract(entries_.begin()).value().second;
  }

  [[nodiscard]] std::optional<domain::SteadyTime> next() const {
    return entries_.empty() ? std::nullopt : std::optional(entries_.begin()->first);
  }

  /// The earliest whose job fits.
  template <class Fits>
  [[nodiscard]] std::optional<domain::SteadyTime> next_where(Fits fits) const {
    const auto found = std::ranges::find_if(entries_, [&](const auto& entry) { return fits(entry.second); });
    return found == entries_.end() ? std::nullopt : std::optional(found->first);
  }

 private:
  std::set<std::pair<domain::SteadyTime, engine::JobHandle>> entries_;
};

}  // namespace jobqd::stores::embedded
