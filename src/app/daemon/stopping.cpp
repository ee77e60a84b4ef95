#include "app/daemon/stopping.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <utility>

#include <unistd.h>

#include <jobqd/base/thread_name.hpp>

#include "app/daemon/signals.hpp"

namespace jobqd::app {

namespace {

/// How often the thread looks whether it is time to give up.
constexpr base::milliseconds look_interval{500};

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

void Stopping::give_up_at(base::SteadyTime time) {
  const base::MutexLock lock(mutex_);
  give_up_at_ = time;
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
    give_up_if_due(now);
    const int number =
        next_signal(signals, std::min<base::SteadyTime::duration>(next_report - now, look_interval));
    if (number == SIGTERM || number == SIGINT) {
      log_.write_admin(LogLevel::warn, "ending at once: a second signal came",
                       {{"signal", number == SIGTERM ? "SIGTERM" : "SIGINT"}});
      end_process(128 + number);
    }
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

void Stopping::give_up_if_due(base::SteadyTime now) {
  const auto what = [&]() -> std::optional<std::string_view> {
    const base::MutexLock lock(mutex_);
    return now >= give_up_at_ ? std::optional(what_) : std::nullopt;
  }();
  if (!what) return;
  log_.write_admin(LogLevel::error, "ending without the rest of the stop, which does not come to its end",
                   {{"waits_for", *what}});
  end_process(EXIT_FAILURE);
}

void Stopping::end_process(int exit_code) {
  log_.drain();
  _exit(exit_code);
}

}  // namespace jobqd::app
