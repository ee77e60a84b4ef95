#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include <jobqd/base/clock.hpp>
#include <jobqd/engine/store.hpp>

namespace jobqd::engine {

/// The one thread that calls Store::tick() when something is due.
///
/// Owned by the app, outlived by store and clock. wake() is thread-safe and never blocks for long; the rest
/// as WorkerPool.
class Scheduler {
 public:
  Scheduler(Store& store, const base::Clock& clock);

  void start();
  void request_stop();
  void join();

  /// Something may be due earlier than the last tick() said: asks the store again at once.
  void wake();

 private:
  void run(const std::stop_token& stop);

  Store& store_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any woken_;
  bool wake_ = false;
  bool stopped_ = false;
  std::jthread thread_;
};

}  // namespace jobqd::engine
