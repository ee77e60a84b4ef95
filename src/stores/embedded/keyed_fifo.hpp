#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>

#include <jobqd/base/check.hpp>

namespace jobqd::stores::embedded {

/// First in, first out, under keys that only grow, with removal from anywhere.
///
/// Not thread-safe. push and pop amortised O(1), erase O(log n). An erased entry leaves a gap, T{}, that is
/// dropped once it reaches an end or half of all entries are gaps: memory stays within twice of what is
/// needed. T{} is no value.
template <class T>
class KeyedFifo {
 public:
  using Key = std::uint64_t;

  void push(Key key, T value) {
    JOBQD_CHECK((entries_.empty() || entries_.back().key < key) && value != T{});
    entries_.push_back({key, std::move(value)});
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
    JOBQD_CHECK((behind == entries_.end() || behind->key != key) && value != T{});
    entries_.insert(behind, {key, std::move(value)});
  }

  /// false when there is no such entry.
  bool erase(Key key) {
    const bool oldest =
        !entries_.empty() && entries_.front().key == key;  // Most often, so it is tried first.
    const auto entry = oldest ? entries_.begin() : lower_bound(key);
    if (entry == entries_.end() || entry->key != key || is_gap(*entry)) return false;
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
      if (!is_gap(*end) && !visit(end->key, end->value)) return;
    }
  }

  [[nodiscard]] std::size_t size() const { return entries_.size() - gaps_; }
  [[nodiscard]] bool empty() const { return size() == 0; }

 private:
  struct Entry {
    Key key;
    T value;
  };

  static bool is_gap(const Entry& entry) { return entry.value == T{}; }

  auto lower_bound(Key key) { return std::ranges::lower_bound(entries_, key, {}, &Entry::key); }
  auto lower_bound(Key key) const { return std::ranges::lower_bound(entries_, key, {}, &Entry::key); }

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
};

}  // namespace jobqd::stores::embedded
