#include "http/connections/event_loop.hpp"

#include <utility>

#include <jobqd/base/thread_name.hpp>

namespace jobqd::http {

namespace {

/// How often the baton is looked at while commits are going on. One that is out for that long is taken.
constexpr base::milliseconds look_interval{1};

/// After so many looks without a commit the watcher goes to sleep; waking it costs a system call.
constexpr int quiet_looks = 20;

/// What handlers have changed is committed after this time, even if more are ready.
constexpr base::milliseconds longest_run{2};

/// The clock is read after so many handlers.
constexpr int handlers_between_looks = 8;

}  // namespace

void EventLoop::start() {
  for (auto& thread : threads_)
    thread = std::jthread([this, holds = &thread == &threads_.front()] { run(holds); });
}

void EventLoop::join() {
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
}

void EventLoop::run(bool holds) {
  base::name_this_thread("http");
  while (holds || wait_for_baton()) {
    commits_.start_committing();
    holds = run_handlers();
    if (!holds) continue;
    commits_.stop_committing();
    {
      const base::MutexLock lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    return;
  }
}

bool EventLoop::run_handlers() {
  using engine::CommitStep;
  while (!io_.stopped()) {
    const bool more = run_ready_handlers();
    const auto step = commits_.next_commit();
    if (step == CommitStep::now && !commit()) return false;
    if (step == CommitStep::soon) std::this_thread::yield();
    if (step == CommitStep::none && !more) io_.run_one();
  }
  return true;
}

bool EventLoop::run_ready_handlers() {
  const auto until = clock_.now().steady + longest_run;
  for (int handlers = 1; io_.poll_one() > 0; ++handlers)
    if (handlers % handlers_between_looks == 0 && clock_.now().steady >= until) return true;
  return false;
}

bool EventLoop::commit() {
  const auto left = baton_.leave();
  if (!watched_.load()) {
    {
      const base::MutexLock lock(mutex_);
      wanted_ = true;
    }
    changed_.notify_all();
  }
  commits_.commit();
  return baton_.come_back(left);
}

bool EventLoop::wait_for_baton() {
  const base::MutexLock lock(mutex_);
  while (!ended_) {
    changed_.wait(mutex_,
                  [this]() JOBQD_REQUIRES(mutex_) { return ended_ || std::exchange(wanted_, false); });
    if (watch()) return true;
  }
  return false;
}

/// Whether the baton was taken. Returns without it once there has been no commit for a while.
bool EventLoop::watch() {
  do {
    watched_.store(true);
    for (int quiet = 0; quiet < quiet_looks;) {
      const auto seen = baton_.look();
      const auto ended = [this]() JOBQD_REQUIRES(mutex_) { return ended_; };
      if (changed_.wait_for(mutex_, look_interval, ended)) return false;
      const bool taken = baton_.take(seen);
      if (taken) watched_.store(false);
      if (taken) return true;
      quiet = baton_.look() == seen ? quiet + 1 : 0;
    }
    watched_.store(false);
    // A commit that began before that store has woken nobody.
  } while (Baton::is_out(baton_.look()));
  return false;
}

}  // namespace jobqd::http
