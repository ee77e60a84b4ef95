#include "app/daemon/attempt_watch.hpp"

namespace jobqd::app {

void AttemptWatch::attempt_settled(const engine::Claim& /*claim*/, const engine::Resolution& /*resolution*/) {
  note_end();
}

void AttemptWatch::attempt_stale(const engine::Claim& /*claim*/) {
  note_end();
}

void AttemptWatch::wait(base::SteadyTime until) {
  const base::MutexLock lock(mutex_);
  changed_.wait_until(mutex_, until, [this]() JOBQD_REQUIRES(mutex_) { return ended_; });
  ended_ = false;
}

void AttemptWatch::note_end() {
  if (!watching_.load()) return;
  {
    const base::MutexLock lock(mutex_);
    ended_ = true;
  }
  changed_.notify_one();
}

}  // namespace jobqd::app
