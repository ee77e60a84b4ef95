#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <stop_token>
#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/base/mutex.hpp>

#include "traces/drop_count.hpp"
#include "traces/span.hpp"

namespace jobqd::traces {

using Batch = std::vector<std::unique_ptr<Span>>;

/// The spans that wait to be sent, oldest first, and the count of those that were lost. Thread-safe; take()
/// and the waits by one thread.
class WaitingSpans {
 public:
  /// Whether a span would be taken now. Takes no lock, so that a flood of spans costs next to nothing.
  [[nodiscard]] bool has_room() const { return !full_.load(std::memory_order_relaxed); }

  /// Counts the span as dropped where there is no room any more.
  void push(std::unique_ptr<Span> span) JOBQD_EXCLUDES(mutex_);

  void drop(std::uint64_t spans) { dropped_.add(spans); }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_.total(); }

  /// Waits until a batch is due after the one at `last`. false: a stop was requested.
  bool wait_for_batch(base::SteadyTime last, const std::stop_token& stop) JOBQD_EXCLUDES(mutex_);

  /// false: a stop was requested.
  bool wait(base::milliseconds duration, const std::stop_token& stop) JOBQD_EXCLUDES(mutex_);

  /// The oldest spans, up to a batch. May be empty.
  [[nodiscard]] Batch take() JOBQD_EXCLUDES(mutex_);

  /// From now on every span is dropped.
  void close() JOBQD_EXCLUDES(mutex_);

 private:
  alignas(64) std::atomic<bool> full_{false};  ///< Or closed. Written under the lock.
  DropCount dropped_;
  alignas(64) base::Mutex mutex_;
  base::StoppableConditionVariable batch_waits_;
  std::deque<std::unique_ptr<Span>> spans_ JOBQD_GUARDED_BY(mutex_);
  bool closed_ JOBQD_GUARDED_BY(mutex_) = false;
};

}  // namespace jobqd::traces
