#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <boost/container/deque.hpp>
#include <boost/container/options.hpp>
#include <boost/container_hash/hash.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <jobqd/base/check.hpp>
#include <jobqd/base/clock.hpp>

#include "stores/embedded/job_handle.hpp"

namespace jobqd::stores::embedded {

/// The earlier of two times, of which each may be none.
inline std::optional<base::SteadyTime> earlier(std::optional<base::SteadyTime> a,
                                               std::optional<base::SteadyTime> b) {
  return a && b ? std::min(*a, *b) : a ? a : b;
}

/// Jobs by the time at which they are due; of those due at the same time the older one comes first. Not
/// thread-safe.
///
/// Entries that arrive in order, as when all jobs have the same delay, are appended at the back and taken
/// from the front, in O(1). All others go into a binary heap. An entry takes 16 bytes, because there may be
/// millions. One that is erased from the middle stays there, marked as gone, until it reaches the front or
/// half of all entries are gone: memory stays within twice of what is needed. Insert, erase and pop take at
/// most amortised O(log n). The numbers of all jobs in it lie less than 2^48 apart.
class DueQueue {
 public:
  struct Entry {
    PackedSteady due;
    JobHandle job;
  };

  /// The entry is not in it.
  void insert(const Entry& inserted) {
    newest_ = std::max(newest_, inserted.job.number);
    const Packed entry(inserted);
    if (gone_.erase(entry) > 0) return;  // It is still there.
    if (in_order_.empty() || in_order_.back() < entry) {
      in_order_.push_back(entry);
    } else {
      heap_.push_back(entry);
      std::ranges::push_heap(heap_, later);
    }
  }

  /// The entry is in it.
  void erase(const Entry& erased) {
    JOBQD_CHECK(size() > 0);
    const Packed entry(erased);
    if (*front() == entry) {
      drop_front();
      trim();
    } else {
      gone_.insert(entry);
    }
    if (gone_.size() > size() / 2) compact();
  }

  /// The earliest that is due at `now`, taken out.
  std::optional<JobHandle> pop(base::SteadyTime now) {
    const Packed* first = front();
    if (first == nullptr || first->due() > now) return std::nullopt;
    const auto job = first->job(newest_);
    drop_front();
    trim();
    return job;
  }

  [[nodiscard]] std::optional<base::SteadyTime> next() const {
    const Packed* first = front();
    return first == nullptr ? std::nullopt : std::optional(first->due());
  }

  /// The earliest entry whose job fits. Visits the entries that are earlier, and their children.
  template <class Fits>
  [[nodiscard]] std::optional<base::SteadyTime> next_where(Fits fits) const {
    std::optional<base::SteadyTime> best;
    const auto counts = [&](const Packed& entry) {
      return !gone_.contains(entry) && fits(entry.job(newest_));
    };
    if (const auto first = std::ranges::find_if(in_order_, counts); first != in_order_.end())
      best = first->due();
    std::vector<std::size_t> places{0};
    while (!places.empty()) {
      const auto place = places.back();
      places.pop_back();
      // What is below an entry is never earlier.
      if (place >= heap_.size() || (best && heap_[place].due() >= *best)) continue;
      if (counts(heap_[place]))
        best = heap_[place].due();
      else
        places.insert(places.end(), {2 * place + 2, 2 * place + 1});
    }
    return best;
  }

 private:
  /// An entry in 16 bytes: due time, number of the job (48 bits each) and slot, which is also their order.
  class Packed {
   public:
    explicit Packed(const Entry& entry)
        : first_(entry.due.rank() << 16 | (entry.job.number & Low48::mask) >> 32),
          second_(entry.job.number << 32 | entry.job.slot.number()) {}

    [[nodiscard]] base::SteadyTime due() const { return PackedSteady::of_rank(first_ >> 16).get(); }
    [[nodiscard]] JobHandle job(std::uint64_t newest) const {
      return {.number = PackedNumber(first_ << 32 | second_ >> 32).get(newest),
              .slot = JobSlot(static_cast<std::uint32_t>(second_))};
    }
    friend auto operator<=>(const Packed&, const Packed&) = default;
    friend bool operator==(const Packed&, const Packed&) = default;
    friend std::size_t hash_value(const Packed& entry) {
      auto hash = static_cast<std::size_t>(entry.second_);
      boost::hash_combine(hash, entry.first_);
      return hash;
    }

   private:
    std::uint64_t first_;
    std::uint64_t second_;
  };
  static constexpr std::greater<Packed> later{};
  /// Grows without moving what is in it.
  using Entries =
      boost::container::deque<Packed, void,
                              boost::container::deque_options_t<boost::container::block_size<1024U>>>;

  [[nodiscard]] std::size_t size() const { return in_order_.size() + heap_.size(); }

  /// nullptr: there is none.
  [[nodiscard]] const Packed* front() const {
    const Packed* of_heap = heap_.empty() ? nullptr : &heap_.front();
    if (in_order_.empty() || (of_heap != nullptr && *of_heap < in_order_.front())) return of_heap;
    return &in_order_.front();
  }

  void drop_front() {
    if (!in_order_.empty() && front() == &in_order_.front()) return in_order_.pop_front();
    std::ranges::pop_heap(heap_, later);
    heap_.pop_back();
  }

  /// The front is always there, so that next() needs no search.
  void trim() {
    while (!gone_.empty() && gone_.erase(*front()) > 0) drop_front();
  }

  void compact() {
    const auto held = size() - gone_.size();
    for (auto* entries : {&in_order_, &heap_}) {
      entries->erase(std::remove_if(entries->begin(), entries->end(),
                                    [this](const Packed& entry) { return gone_.contains(entry); }),
                     entries->end());
      entries->shrink_to_fit();
    }
    JOBQD_CHECK(size() == held);
    gone_ = {};
    std::ranges::make_heap(heap_, later);
  }

  Entries in_order_;
  Entries heap_;
  boost::unordered_flat_set<Packed> gone_;
  std::uint64_t newest_ = 0;  ///< The largest number of a job so far.
};

}  // namespace jobqd::stores::embedded
