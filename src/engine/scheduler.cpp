#include <jobqd/engine/scheduler.hpp>

#include <algorithm>
#include <utility>

#include <jobqd/base/check.hpp>
#include <jobqd/base/thread_name.hpp>

namespace jobqd::engine {

void Scheduler::add(Duty& duty) {
  JOBQD_CHECK(!thread_.joinable());
  entries_.push_back({.duty = &duty});
}

void Scheduler::start() {
  if (stopped_ || thread_.joinable()) return;
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Scheduler::request_stop() {
  stopped_ = true;
  thread_.request_stop();
}

void Scheduler::join() {
  if (thread_.joinable()) thread_.join();
}

void Scheduler::wake() {
  {
    const base::MutexLock lock(mutex_);
    wake_ = true;
  }
  woken_.notify_one();
}

void Scheduler::run(const std::stop_token& stop) {
  base::name_this_thread(thread_name_);
  std::optional<base::SteadyTime> due;
  while (!stop.stop_requested()) {
    run_duties(due);
    due = wait(stop);
  }
}

void Scheduler::run_duties(std::optional<base::SteadyTime> due) {
  for (auto& [duty, next] : entries_)
    if (!due || (next && *next <= *due)) next = duty->run(clock_.now());
}

std::optional<base::SteadyTime> Scheduler::wait(const std::stop_token& stop) {
  std::optional<base::SteadyTime> earliest;
  for (const auto& entry : entries_)
    if (entry.next) earliest = std::min(*entry.next, earliest.value_or(*entry.next));
  const base::MutexLock lock(mutex_);
  const auto woken = [this]() JOBQD_REQUIRES(mutex_) { return wake_; };
  if (earliest)
    woken_.wait_until(mutex_, stop, *earliest, woken);
  else
    woken_.wait(mutex_, stop, woken);
  return std::exchange(wake_, false) ? std::nullopt : earliest;
}

}  // namespace jobqd::engine
