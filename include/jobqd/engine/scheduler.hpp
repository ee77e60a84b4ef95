#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/base/mutex.hpp>
#include <jobqd/engine/clockwork.hpp>
#include <jobqd/engine/duty.hpp>

namespace jobqd::engine {

/// The store's tick() as a duty. The store outlives it.
class StoreDuty final : public Duty {
 public:
  explicit StoreDuty(Clockwork& store) : store_(store) {}
  std::optional<base::SteadyTime> run(base::Now now) override { return store_.tick(now); }

 private:
  Clockwork& store_;
};

/// The one thread that runs the duties: all of them when it starts and after wake(), and each one again no
/// later than it asked for.
///
/// Owned by the app; the clock outlives it, and the duties outlive its thread. wake() is thread-safe and
/// never blocks for long. start(), request_stop() and join() are safe in any order and any number, from one
/// thread.
class Scheduler {
 public:
  /// `thread_name`: a daemon may have more than one, for duties that would keep others waiting.
  explicit Scheduler(const base::Clock& clock, std::string thread_name = "scheduler")
      : clock_(clock), thread_name_(std::move(thread_name)) {}

  /// Adds a duty, which runs after those added before. Only before start().
  void add(Duty& duty);

  /// Starts the thread, once, and not after request_stop().
  void start();

  /// The duties that are due still run. Returns at once.
  void request_stop();

  /// Waits until the thread has ended.
  void join();

  /// Runs all duties soon, because something may be due earlier than the last run() of its duty said.
  void wake();

 private:
  struct Entry {
    Duty* duty = nullptr;
    std::optional<base::SteadyTime> next = {};
  };

  void run(const std::stop_token& stop);
  /// Runs the duties that asked for a time up to `due`; empty: all of them.
  void run_duties(std::optional<base::SteadyTime> due);
  /// Waits for the earliest time that a duty asked for, and returns it; empty if wake() came first.
  std::optional<base::SteadyTime> wait(const std::stop_token& stop);

  std::vector<Entry> entries_;  // Used by the thread only.
  const base::Clock& clock_;
  const std::string thread_name_;
  base::Mutex mutex_;
  base::StoppableConditionVariable woken_;
  bool wake_ JOBQD_GUARDED_BY(mutex_) = false;
  bool stopped_ = false;  // Used by the thread that starts and stops.
  std::jthread thread_;
};

}  // namespace jobqd::engine
