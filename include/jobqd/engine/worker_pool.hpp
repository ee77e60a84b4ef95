#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <jobqd/base/mutex.hpp>
#include <jobqd/engine/channel.hpp>
#include <jobqd/engine/claims.hpp>
#include <jobqd/engine/retry_processor.hpp>

namespace jobqd::engine {

/// Threads that run the jobs of one queue, one job at a time in each thread.
///
/// An idle worker asks the store for one job and waits on the channel, which hands claims to the workers. So
/// there are never more claims than waiting workers. A worker that leaves while it waits withdraws its
/// request, or gives back the claim that has just arrived for it; such an attempt is not counted.
///
/// Owned by the app; the store and the processor outlive it. start(), resize(), request_stop() and join()
/// are safe in any order and any number, from one thread.
class WorkerPool {
 public:
  WorkerPool(Claims& claims, RetryProcessor& processor, std::string queue, std::size_t workers);

  /// Requests the stop and joins.
  ~WorkerPool();

  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Starts the threads, once, and not after request_stop(). Error: the system gives no more threads, and
  /// none was started.
  std::expected<void, std::string> start();

  /// Changes the number of workers. Those that leave finish the job they have. Error: the system gives no
  /// more threads, and the pool is as it was.
  std::expected<void, std::string> resize(std::size_t workers);

  /// Each worker finishes the job it has and ends. Returns at once.
  void request_stop();

  /// Waits until every worker has ended.
  void join();

  /// Whether no worker is left: join() and the destructor do not wait.
  [[nodiscard]] bool has_ended() const { return alive_.load() == 0; }

 private:
  enum class State : std::uint8_t { idle, started, stopped };

  std::expected<void, std::string> grow(std::size_t workers);
  void shrink(std::size_t workers);
  void run(const std::stop_token& stop, std::size_t number);
  void retire();
  /// A claim, or none: no job starts any more. The channel gets one answer for each request that was not
  /// answered at once.
  using Answer = std::optional<Claim>;

  /// Asks for a first job; false: the worker is to stop.
  bool ask(const std::stop_token& stop);
  [[nodiscard]] ClaimRequest request() const;
  [[nodiscard]] Callback<std::vector<Claim>> answer();
  /// One answer to those who asked.
  Answer take(const std::stop_token& stop);
  void leave();

  Claims& claims_;
  RetryProcessor& processor_;
  const std::string queue_;
  const WaitId wait_id_ = new_wait_id();
  Channel<Answer> channel_;  ///< As many places as there are workers, so it is never full.
  std::size_t workers_;
  std::atomic<std::size_t> alive_{0};  ///< Threads that are running.
  State state_ = State::idle;
  std::vector<std::jthread> threads_;
  base::Mutex mutex_;
  std::vector<std::jthread> leaving_ JOBQD_GUARDED_BY(mutex_);  ///< They still run.
  std::jthread left_ JOBQD_GUARDED_BY(mutex_);  ///< The last one that left: it has ended, or is just ending.
};

}  // namespace jobqd::engine
