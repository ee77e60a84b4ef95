#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <stop_token>
#include <utility>

#include <jobqd/base/mutex.hpp>

namespace jobqd::engine {

/// A bounded queue between threads, first in first out: a mutex and a condition variable.
///
/// Thread-safe. It may be destroyed once every pop() has returned and every value that was pushed has been
/// popped.
template <class T>
class Channel {
 public:
  explicit Channel(std::size_t capacity) : capacity_(capacity) {}

  /// Applies to later pushes.
  void set_capacity(std::size_t capacity) {
    const base::MutexLock lock(mutex_);
    capacity_ = capacity;
  }

  /// Never waits. false: it is full, and the value was not taken.
  bool try_push(T&& value) {
    const base::MutexLock lock(mutex_);
    if (values_.size() >= capacity_) return false;
    values_.push_back(std::move(value));
    ready_.notify_one();  // Under the lock: the thread that pops the value may then destroy this channel.
    return true;
  }

  /// Waits for a value. Empty when a stop was requested, even if there is a value.
  std::optional<T> pop(std::stop_token stop) {
    const base::MutexLock lock(mutex_);
    if (values_.empty())
      ready_.wait(mutex_, stop, [this]() JOBQD_REQUIRES(mutex_) { return !values_.empty(); });
    if (stop.stop_requested()) {
      if (!values_.empty()) ready_.notify_one();  // The wake-up may have been meant for another thread.
      return std::nullopt;
    }
    std::optional<T> value(std::move(values_.front()));
    values_.pop_front();
    return value;
  }

  [[nodiscard]] std::size_t size() const {
    const base::MutexLock lock(mutex_);
    return values_.size();
  }

 private:
  mutable base::Mutex mutex_;
  base::StoppableConditionVariable ready_;
  std::size_t capacity_ JOBQD_GUARDED_BY(mutex_);
  std::deque<T> values_ JOBQD_GUARDED_BY(mutex_);
};

}  // namespace jobqd::engine
