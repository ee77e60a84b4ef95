#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include <jobqd/base/check.hpp>

#include "stores/embedded/keyed_fifo.hpp"

namespace jobqd::stores::embedded {

/// Bounded hand-off to the workers: the highest priority first, first in first out within one priority.
///
/// The bound counts places. A job takes one when it is admitted and holds it while it waits, in here or still
/// delayed; pop() and erase() give it back.
///
/// Thread-safe. Owned by the store, outlives every worker. Only pop() waits. T{} is no value. After close()
/// nothing goes in, and what is in can still be taken out.
template <class T>
class Channel {
 public:
  /// Where a value stands, to erase() it. 0 is no ticket.
  using Ticket = std::uint64_t;

  explicit Channel(std::size_t capacity) : capacity_(capacity) {}

  /// Takes places for new work, all or none: false when fewer are free.
  bool try_reserve(std::size_t places) {
    const std::scoped_lock lock(mutex_);
    if (places > capacity_ || places_ > capacity_ - places) return false;
    places_ += places;
    return true;
  }

  /// Holds for new work only.
  void set_capacity(std::size_t capacity) {
    const std::scoped_lock lock(mutex_);
    capacity_ = capacity;
  }

  /// Takes a place for work that was admitted before and comes back, even when none is free: new work never
  /// keeps old work out.
  void reserve_again() {
    const std::scoped_lock lock(mutex_);
    ++places_;
  }

  /// Gives back places that were never pushed into.
  void release(std::size_t places) {
    const std::scoped_lock lock(mutex_);
    JOBQD_CHECK(places_ >= size_ + places);
    places_ -= places;
  }

  /// Puts a value into a reserved place. 0 when closed.
  Ticket push(int priority, T value) {
    Ticket ticket = 0;
    {
      const std::scoped_lock lock(mutex_);
      if (closed_) return 0;
      JOBQD_CHECK(places_ > size_);
      ticket = ++last_ticket_;
      lanes_[priority].push(ticket, std::move(value));
      ++size_;
    }
    ready_.notify_one();
    return ticket;
  }

  /// While it is held, values go in and none comes out.
  void hold(bool held) {
    {
      const std::scoped_lock lock(mutex_);
      held_ = held;
    }
    ready_.notify_all();
  }

  /// Puts what pop() gave out where it stood, even when no place is free.
  void put_back(int priority, Ticket ticket, T value) {
    {
      const std::scoped_lock lock(mutex_);
      lanes_[priority].put_back(ticket, std::move(value));
      ++size_;
      ++places_;
    }
    ready_.notify_one();
  }

  /// Waits for a value; empty when `stop` is requested, or when the channel is closed and drained or held.
  std::optional<T> pop(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    return wait(lock, std::move(stop)) ? take() : std::nullopt;
  }

  /// As pop(), but leaves the value in, for try_pop(): for who has to take it out under a lock of his own.
  /// Another may take it first.
  bool wait(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    return wait(lock, std::move(stop));
  }

  /// Never waits.
  std::optional<T> try_pop() {
    const std::scoped_lock lock(mutex_);
    return take();
  }

  /// Takes a value out of the middle. false when it is no longer in.
  bool erase(int priority, Ticket ticket) {
    const std::scoped_lock lock(mutex_);
    const auto lane = lanes_.find(priority);
    if (lane == lanes_.end() || !lane->second.erase(ticket)) return false;
    give_place_back();
    return true;
  }

  void close() {
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
    }
    ready_.notify_all();
  }

  /// The first of each priority.
  [[nodiscard]] std::vector<T> fronts() const {
    const std::scoped_lock lock(mutex_);
    std::vector<T> values;
    for (const auto& [priority, lane] : lanes_)
      if (!lane.empty()) values.push_back(lane.front());
    return values;
  }

  /// Values that can be taken out now.
  [[nodiscard]] std::size_t size() const {
    const std::scoped_lock lock(mutex_);
    return size_;
  }

  /// Places taken; may pass the capacity through reserve_again().
  [[nodiscard]] std::size_t places() const {
    const std::scoped_lock lock(mutex_);
    return places_;
  }

 private:
  [[nodiscard]] bool has_one() const { return size_ > 0 && !held_; }

  bool wait(std::unique_lock<std::mutex>& lock, std::stop_token stop) {
    ready_.wait(lock, stop, [this] { return has_one() || closed_; });
    if (!stop.stop_requested()) return has_one();
    // The wake-up may have been meant for a value: pass it on.
    if (size_ > 0) ready_.notify_one();
    return false;
  }

  std::optional<T> take() {
    if (!has_one()) return std::nullopt;
    const auto lane = std::ranges::find_if(lanes_, [](const auto& entry) { return !entry.second.empty(); });
    give_place_back();
    return lane->second.pop();
  }

  void give_place_back() {
    --size_;
    --places_;
  }

  std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable_any ready_;
  std::map<int, KeyedFifo<T>, std::greater<>>
      lanes_;  // Empty lanes stay: there are few, and they come again.
  std::size_t size_ = 0;
  std::size_t places_ = 0;
  Ticket last_ticket_ = 0;
  bool closed_ = false;
  bool held_ = false;
};

}  // namespace jobqd::stores::embedded
