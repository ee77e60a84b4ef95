#include "traces/waiting_spans.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "traces/policy.hpp"

namespace jobqd::traces {

void WaitingSpans::push(std::unique_ptr<Span> span) {
  {
    const base::MutexLock lock(mutex_);
    if (!closed_ && spans_.size() < most_waiting) {
      spans_.push_back(std::move(span));
      if (spans_.size() == most_in_batch) batch_waits_.notify_one();
      if (spans_.size() == most_waiting) full_.store(true, std::memory_order_relaxed);
      return;
    }
  }
  drop(1);
}

bool WaitingSpans::wait_for_batch(base::SteadyTime last, const std::stop_token& stop) {
  const base::MutexLock lock(mutex_);
  const auto is_full = [this]() JOBQD_REQUIRES(mutex_) { return spans_.size() >= most_in_batch; };
  batch_waits_.wait_until(mutex_, stop, next_batch(0, last), is_full);
  batch_waits_.wait_until(mutex_, stop, next_batch(most_in_batch, last), [] { return false; });
  return !stop.stop_requested();
}

bool WaitingSpans::wait(base::milliseconds duration, const std::stop_token& stop) {
  const base::MutexLock lock(mutex_);
  batch_waits_.wait_for(mutex_, stop, duration, [] { return false; });
  return !stop.stop_requested();
}

Batch WaitingSpans::take() {
  const base::MutexLock lock(mutex_);
  const auto end = spans_.begin() + static_cast<std::ptrdiff_t>(std::min(spans_.size(), most_in_batch));
  Batch batch(std::make_move_iterator(spans_.begin()), std::make_move_iterator(end));
  spans_.erase(spans_.begin(), end);
  full_.store(closed_, std::memory_order_relaxed);
  return batch;
}

void WaitingSpans::close() {
  const base::MutexLock lock(mutex_);
  closed_ = true;
  full_.store(true, std::memory_order_relaxed);
}

}  // namespace jobqd::traces
