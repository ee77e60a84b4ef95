#pragma once

#include <atomic>

#include <jobqd/base/mutex.hpp>
#include <jobqd/engine/observer.hpp>

namespace jobqd::app {

/// Lets the stop wait for attempts to end. The events come from any thread; begin() and wait() are for the
/// one that stops the daemon. Until begin(), an event costs one load.
class AttemptWatch final : public engine::Observer {
 public:
  void attempt_settled(const engine::Claim& claim, const engine::Resolution& resolution) override;
  void attempt_stale(const engine::Claim& claim) override;

  /// From now on wait() takes notice of every attempt that ends.
  void begin() { watching_.store(true); }

  /// Returns when an attempt has ended since begin() or the last wait(), or at `until`.
  void wait(base::SteadyTime until);

 private:
  void note_end();

  std::atomic<bool> watching_{false};
  base::Mutex mutex_;
  base::ConditionVariable changed_;
  bool ended_ JOBQD_GUARDED_BY(mutex_) = false;
};

}  // namespace jobqd::app
