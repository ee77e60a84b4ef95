#pragma once

#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include <jobqd/engine/retry_processor.hpp>
#include <jobqd/engine/store.hpp>

namespace jobqd::engine {

/// Threads that take jobs of one queue from the store and run them, one at a time each.
///
/// Owned by the app, outlived by the store and the processor. start(), resize(), request_stop() and join()
/// are safe in any order and any number, from one thread.
class WorkerPool {
 public:
  WorkerPool(Store& store, RetryProcessor& processor, std::string queue, std::size_t workers);

  /// Starts the threads, once, and not after request_stop().
  void start();

  /// More or fewer of them: those who leave finish the job they have.
  void resize(std::size_t workers);

  /// Each worker finishes the job it has and ends. Returns at once.
  void request_stop();

  /// Waits until every worker has ended.
  void join();

 private:
  void hire();
  void run(const std::stop_token& stop, std::size_t number);

  Store& store_;
  RetryProcessor& processor_;
  const std::string queue_;
  std::size_t workers_;
  bool started_ = false;
  bool stopped_ = false;
  std::vector<std::jthread> threads_;
  std::vector<std::jthread> leaving_;
};

}  // namespace jobqd::engine
