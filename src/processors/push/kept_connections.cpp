#include "processors/push/kept_connections.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <jobqd/base/thread_name.hpp>

namespace jobqd::processors::push {

KeptConnections::KeptConnections(const base::Clock& clock)
    : clock_(clock), sweeper_([this](const std::stop_token& stop) { run(stop); }) {}

std::unique_ptr<Connection> KeptConnections::take() {
  while (auto connection = take_last())
    if (connection->is_quiet()) return connection;
  return nullptr;
}

std::unique_ptr<Connection> KeptConnections::take_last() {
  const auto now = clock_.now().steady;
  std::vector<Kept> old;  // Outlives the lock: no connection is closed under it.
  const base::MutexLock lock(mutex_);
  while (!kept_.empty()) {
    auto last = std::move(kept_.back());
    kept_.pop_back();
    if (now < last.until) return std::move(last.connection);
    old.push_back(std::move(last));
  }
  return nullptr;
}

void KeptConnections::keep(std::unique_ptr<Connection> connection) {
  const auto until = std::min(clock_.now().steady + longest_idle, connection->opened_at() + longest_age);
  const base::MutexLock lock(mutex_);
  kept_.push_back({.connection = std::move(connection), .until = until});
  if (std::exchange(sweeper_sleeps_, false)) some_kept_.notify_one();
}

void KeptConnections::sweep() {
  const auto now = clock_.now().steady;
  std::vector<Kept> old;  // Outlives the lock.
  const base::MutexLock lock(mutex_);
  const auto first_old =
      std::stable_partition(kept_.begin(), kept_.end(), [now](const Kept& kept) { return now < kept.until; });
  std::move(first_old, kept_.end(), std::back_inserter(old));
  kept_.erase(first_old, kept_.end());
}

void KeptConnections::run(const std::stop_token& stop) {
  base::name_this_thread("kept");
  while (!stop.stop_requested()) {
    sweep();
    const base::MutexLock lock(mutex_);
    sweeper_sleeps_ = kept_.empty();
    const auto awake = [this]() JOBQD_REQUIRES(mutex_) { return !sweeper_sleeps_; };
    if (sweeper_sleeps_)
      some_kept_.wait(mutex_, stop, awake);
    else
      some_kept_.wait_for(mutex_, stop, longest_idle, [] { return false; });
  }
}

}  // namespace jobqd::processors::push
