#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include <jobqd/base/clock.hpp>

namespace jobqd::stores::embedded {

/// How far the restoration of the jobs has come. One thread reports, any thread may ask.
class RestoreProgress {
 public:
  void begin(base::Now now) {
    begun_ = now;
    restoring_.store(true, std::memory_order_release);
  }
  /// By this time all jobs are judged, so that those that are due at one time stay in order. The thread that
  /// reports only.
  [[nodiscard]] base::Now begun() const { return begun_; }
  /// `jobs` more are restored, of `all`; 0: their number is not known.
  void add(std::uint64_t jobs, std::uint64_t all) {
    done_.fetch_add(jobs, std::memory_order_relaxed);
    all_.store(all, std::memory_order_relaxed);
  }
  /// Whoever sees it sees all that was restored.
  void end() { restoring_.store(false, std::memory_order_release); }

  [[nodiscard]] bool under_way() const { return restoring_.load(std::memory_order_acquire); }
  /// "restoring 340,000 of 1,000,000 jobs", for people; empty before and after the restoration.
  [[nodiscard]] std::string describe() const;

 private:
  base::Now begun_{};
  std::atomic<bool> restoring_{false};
  std::atomic<std::uint64_t> done_{0};
  std::atomic<std::uint64_t> all_{0};
};

}  // namespace jobqd::stores::embedded
