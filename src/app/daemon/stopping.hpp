#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <thread>

#include <jobqd/base/clock.hpp>
#include <jobqd/base/mutex.hpp>

#include "app/logging/log.hpp"

namespace jobqd::app {

/// The longest time that steps of a stop take that wait for the disk; past it the disk hangs.
constexpr base::milliseconds disk_grace{5'000};

/// Accompanies the stop of the daemon to its end: every `period` a line of the log says what the stop still
/// waits for, and another SIGTERM or SIGINT ends the process at once, with exit code 128 + its number, after
/// the log has said so. SIGHUP is ignored, which the log says once; it does not put the next line off.
///
/// It has a thread of its own, so that nothing that hangs can silence it. SIGTERM, SIGINT and SIGHUP are
/// blocked in all threads, and nobody else waits for them. If the system gives no thread, another signal
/// still ends the process, and nothing is logged; so it is after the destructor. `log` and `clock` outlive
/// this object.
class Stopping {
 public:
  Stopping(Log& log, const base::Clock& clock, base::milliseconds period);
  ~Stopping();

  Stopping(const Stopping&) = delete;
  Stopping& operator=(const Stopping&) = delete;

  /// What the stop waits for from now on, and of jobs how many. `what` is a string literal. Any thread.
  void waits_for(std::string_view what, std::optional<std::uint64_t> jobs = {}) JOBQD_EXCLUDES(mutex_);

  /// If the stop has not come to its end by then, or half a second later, it never will: the log says what
  /// it waits for, and the process ends with exit code 1. Any thread.
  void give_up_at(base::SteadyTime time) JOBQD_EXCLUDES(mutex_);

 private:
  void run(const std::stop_token& stop);
  void report() JOBQD_EXCLUDES(mutex_);
  void give_up_if_due(base::SteadyTime now) JOBQD_EXCLUDES(mutex_);
  [[noreturn]] void end_process(int exit_code);

  Log& log_;
  const base::Clock& clock_;
  const base::milliseconds period_;
  base::Mutex mutex_;
  std::string_view what_ JOBQD_GUARDED_BY(mutex_);
  std::optional<std::uint64_t> jobs_ JOBQD_GUARDED_BY(mutex_);
  base::SteadyTime give_up_at_ JOBQD_GUARDED_BY(mutex_) = base::SteadyTime::max();
  std::jthread thread_;
};

}  // namespace jobqd::app
