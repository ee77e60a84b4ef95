#include <jobqd/engine/scheduler.hpp>

#include <jobqd/base/thread_name.hpp>

namespace jobqd::engine {

Scheduler::Scheduler(Store& store, const base::Clock& clock) : store_(store), clock_(clock) {}

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
    const std::scoped_lock lock(mutex_);
    wake_ = true;
  }
  woken_.notify_one();
}

void Scheduler::run(const std::stop_token& stop) {
  base::name_this_thread("scheduler");
  while (!stop.stop_requested()) {
    const auto next = store_.tick(clock_.now());
    std::unique_lock lock(mutex_);
    const auto woken = [this] { return wake_; };
    if (next)
      woken_.wait_until(lock, stop, *next, woken);
    else
      woken_.wait(lock, stop, woken);
    wake_ = false;
  }
}

}  // namespace jobqd::engine
