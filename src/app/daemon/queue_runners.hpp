#pragma once

#include <expected>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/base/random.hpp>
#include <jobqd/engine/observer.hpp>
#include <jobqd/engine/retry_processor.hpp>
#include <jobqd/engine/store.hpp>
#include <jobqd/engine/worker_pool.hpp>
#include <jobqd/traces/tracer.hpp>

#include "app/daemon/file_watch.hpp"
#include "app/settings/config.hpp"

namespace jobqd::app {

/// The options that the store gets for this queue. `fault`: why nothing can run its jobs; or empty.
[[nodiscard]] engine::QueueOptions queue_options(const QueueConfig& queue, std::string fault = {});

/// The queues of the daemon and what runs their jobs: a processor and its workers, or nothing for a queue of
/// remote workers. Tells the store of each change.
///
/// A queue whose processor cannot be made, or whose workers cannot be started, does not work: the store
/// starts none of its jobs, the observer gets the reason, and tend() tries again. Workers that have to leave
/// finish their jobs first, with the processor that they have; nobody waits for them before the end.
///
/// The files of each processor are looked at by `files`, until its workers are told to leave.
///
/// If attempts have spans, processors that do work get the claims with the context of the attempt.
///
/// Used by one thread. Everything that the constructor takes outlives this object.
class QueueRunners {
 public:
  /// How long after a failure a queue is tried again.
  static constexpr base::milliseconds try_again_after{30'000};

  QueueRunners(engine::Store& store, engine::Observer& observer, const base::Clock& clock,
               base::Random& random, FileWatch& files, traces::Tracer tracer = {});

  /// Adds a queue. Its workers start at once, or, before start(), with all others.
  void add(const QueueConfig& config);

  /// Starts the workers of all queues, once. The error is one line: the system gives no more threads.
  std::expected<void, std::string> start();

  /// Starts the workers that these queues have more of, among those that go on as they are. Error: the system
  /// gives no more threads, and nothing has changed.
  std::expected<void, std::string> grow(const std::vector<QueueConfig>& wanted);

  /// The queue of this name follows its new configuration. One that does not work is tried again. Further
  /// workers of one that goes on as it is have been started by grow().
  void change(const QueueConfig& config);

  /// Removes a queue. There is one of this name.
  void remove(std::string_view name);

  /// Tries the queues that do not work again, if it is time, and lets go of workers that have left. Returns
  /// after how long there will be something to do again; empty: not before the next change.
  std::optional<base::milliseconds> tend();

  /// All workers finish the jobs that they have. Returns at once.
  void request_stop();

  /// Waits until every worker has ended.
  void join();

  /// The configurations, in the order in which they were added.
  [[nodiscard]] std::vector<QueueConfig> queues() const;

 private:
  /// What runs the jobs of one queue.
  struct Parts {
    std::unique_ptr<engine::Processor> processor;
    std::unique_ptr<engine::RetryProcessor> retry_processor;
    std::unique_ptr<engine::WorkerPool> workers;
  };
  struct Runner {
    QueueConfig config;
    Parts parts = {};  ///< Empty for a queue of remote workers, and for one that does not work.
    std::string fault = {};
    base::SteadyTime try_again{};  ///< If there is a fault.
  };

  /// Makes and starts what runs the jobs of the queue, and tells the store.
  void bring_up(Runner& runner);
  /// Makes processor and workers. The error is why the queue does not work.
  std::expected<Parts, std::string> make(const QueueConfig& config);
  /// The workers leave, each once it has finished its job.
  void retire(Runner& runner);
  /// Null: there is none of this name.
  Runner* find(std::string_view name);
  /// There is one of this name.
  Runner& known(std::string_view name);

  engine::Store& store_;
  engine::Observer& observer_;
  const base::Clock& clock_;
  base::Random& random_;
  FileWatch& files_;
  const traces::Tracer tracer_;
  std::vector<Runner> runners_;
  std::list<Parts> retired_;  ///< Their workers leave.
  bool started_ = false;
};

}  // namespace jobqd::app
