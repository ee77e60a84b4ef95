#include "app/daemon/stopping.hpp"

#include <csignal>
#include <system_error>
#include <utility>

#include <unistd.h>

#include <jobqd/base/thread_name.hpp>

#include "app/daemon/signals.hpp"

namespace jobqd::app {

namespace {

/// Lets another signal end the process without the help of a thread. Not by its default action: the first
/// process of a container has none.
void unblock_signals() {
  const auto signals = signal_set({SIGTERM, SIGINT});
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace

Stopping::Stopping(Log& log, const base::Clock& clock, base::milliseconds period)
    : log_(log), clock_(clock), period_(period) {
  for (const int again : {SIGTERM, SIGINT}) std::signal(again, [](int number) { _exit(128 + number); });
  try {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  } catch (const std::system_error&) {
    unblock_signals();
  }
}

Stopping::~Stopping() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  pthread_kill(thread_.native_handle(), SIGHUP);  // It wakes the thread, and no other.
  thread_.join();
  unblock_signals();
}

void Stopping::waits_for(std::string_view what, std::optional<std::uint64_t> jobs) {
  const base::MutexLock lock(mutex_);
  what_ = what;
  jobs_ = jobs;
}

void Stopping::run(const std::stop_token& stop) {
  base::name_this_thread("stopping");
  const auto signals = signal_set({SIGTERM, SIGINT, SIGHUP});
  auto next_report = clock_.now().steady + period_;
  bool ignored_hangup = false;
  while (!stop.stop_requested()) {
    const auto now = clock_.now().steady;
    if (now >= next_report) {
      report();
      next_report = now + period_;
    }
    const int number = next_signal(signals, next_report - now);
    if (number == SIGTERM || number == SIGINT) end_process(number);
    if (number != SIGHUP || ignored_hangup || stop.stop_requested()) continue;
    ignored_hangup = true;
    log_.write_admin(LogLevel::info, "SIGHUP is ignored: the daemon is stopping");
  }
}

void Stopping::report() {
  const auto [what, jobs] = [this] {
    const base::MutexLock lock(mutex_);
    return std::pair(what_, jobs_);
  }();
  if (jobs)
    log_.write_admin(LogLevel::info, "still stopping", {{"waits_for", what}, {"jobs", *jobs}});
  else
    log_.write_admin(LogLevel::info, "still stopping", {{"waits_for", what}});
}

void Stopping::end_process(int signal) {
  log_.write_admin(LogLevel::warn, "ending at once: a second signal came",
                   {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
  log_.drain();
  _exit(128 + signal);
}

}  // namespace jobqd::app
