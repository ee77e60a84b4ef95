#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>

#include <jobqd/base/check.hpp>

#include "stores/embedded/packed.hpp"

namespace jobqd::stores::embedded {

/// First in, first out, under keys that only grow, with removal from anywhere.
///
/// Not thread-safe. push and pop amortised O(1), erase O(log n). An erased entry leaves a gap, T{}, that is
/// dropped once it reaches an end or half of all entries are gaps: memory stays within twice of what is
/// needed. T{} is no value. Keys take 6 bytes each: those of all entries lie less than 2^48 apart.
template <class T>
class KeyedFifo {
 public:
  using Key = std::uint64_t;

  void push(Key key, T value) {
    JOBQD_CHECK(key > newest_ && value != T{});
    JOBQD_CHECK(entries_.empty() || key - key_of(entries_.front()) <= Low48::mask);
    entries_.push_back({PackedNumber(key), std::move(value)});
    newest_ = key;
  }

  /// The oldest. Not empty.
  [[nodiscard]] const T& front() const { return entries_.front().value; }

  T pop() {
    JOBQD_CHECK(!empty());
    T value = std::move(entries_.front().value);
    entries_.pop_front();
    trim();
    return value;
  }

  /// Puts a popped entry back into its old position. Costs as much as the entries behind it that were popped
  /// since.
  void put_back(Key key, T value) {
    const auto behind = lower_bound(key);
    JOBQD_CHECK((behind == entries_.end() || key_of(*behind) != key) && value != T{});
    JOBQD_CHECK(newest_ - key <= Low48::mask);
    entries_.insert(behind, {PackedNumber(key), std::move(value)});
  }

  /// false when there is no such entry.
  bool erase(Key key) {
    const bool oldest =
        !entries_.empty() && key_of(entries_.front()) == key;  // Most often, so it is tried first.
    const auto entry = oldest ? entries_.begin() : lower_bound(key);
    if (entry == entries_.end() || key_of(*entry) != key || is_gap(*entry)) return false;
    entry->value = T{};
    ++gaps_;
    trim();
    return true;
  }

  /// Visits (key, value) from the newest entry older than `before` (0: from the newest) towards the oldest,
  /// until `visit` returns false.
  template <class Visit>
  void visit_newest_first(Key before, Visit visit) const {
    auto end = before == 0 ? entries_.end() : lower_bound(before);
    while (end != entries_.begin()) {
      --end;
      if (!is_gap(*end) && !visit(key_of(*end), end->value)) return;
    }
  }

  /// Visits values from the oldest towards the newest, until `visit` returns false, and at most so many
  /// entries and gaps. Returns how many are left of them; 0 also if `visit` returned false.
  template <class Visit>
  std::size_t visit_oldest_first(std::size_t most, Visit visit) const {
    for (const Entry& entry : entries_) {
      if (most == 0 || (!is_gap(entry) && !visit(entry.value))) return 0;
      --most;
    }
    return most;
  }

  [[nodiscard]] std::size_t size() const { return entries_.size() - gaps_; }
  [[nodiscard]] bool empty() const { return size() == 0; }

 private:
  struct Entry {
    PackedNumber key;
    T value;
  };

  static bool is_gap(const Entry& entry) { return entry.value == T{}; }
  [[nodiscard]] Key key_of(const Entry& entry) const { return entry.key.get(newest_); }

  auto lower_bound(Key key) {
    return std::ranges::lower_bound(entries_, key, {}, [this](const Entry& entry) { return key_of(entry); });
  }
  auto lower_bound(Key key) const {
    return std::ranges::lower_bound(entries_, key, {}, [this](const Entry& entry) { return key_of(entry); });
  }

  /// Both ends hold a value, so that front() needs no search; between them at most half of the entries are
  /// gaps.
  void trim() {
    for (; !entries_.empty() && is_gap(entries_.front()); --gaps_) entries_.pop_front();
    for (; !entries_.empty() && is_gap(entries_.back()); --gaps_) entries_.pop_back();
    if (gaps_ > entries_.size() / 2) compact();
  }
  void compact() {
    std::erase_if(entries_, is_gap);
    gaps_ = 0;
    entries_.shrink_to_fit();
  }

  std::deque<Entry> entries_;
  std::size_t gaps_ = 0;
  Key newest_ = 0;  ///< The largest key so far.
};

}  // namespace jobqd::stores::embedded
