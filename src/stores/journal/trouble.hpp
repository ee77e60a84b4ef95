#pragma once

#include <atomic>
#include <string>

#include <jobqd/base/mutex.hpp>

namespace jobqd::stores::journal {

/// Why a journal cannot be written at present. Thread-safe. Asking costs no lock while all is well, because
/// every enqueue asks.
class Trouble {
 public:
  /// Empty: all is well. Returns whether that is news.
  bool set(const std::string& why) JOBQD_EXCLUDES(mutex_) {
    const base::MutexLock lock(mutex_);
    if (why == why_) return false;
    why_ = why;
    exists_.store(!why.empty(), std::memory_order_release);
    return true;
  }

  [[nodiscard]] bool exists() const { return exists_.load(std::memory_order_acquire); }

  /// Empty: all is well.
  [[nodiscard]] std::string why() const JOBQD_EXCLUDES(mutex_) {
    if (!exists()) return {};
    const base::MutexLock lock(mutex_);
    return why_;
  }

 private:
  mutable base::Mutex mutex_;
  std::string why_ JOBQD_GUARDED_BY(mutex_);
  std::atomic<bool> exists_{false};
};

}  // namespace jobqd::stores::journal
