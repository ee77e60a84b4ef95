#pragma once

#include <memory>
#include <vector>

#include <jobqd/base/random.hpp>
#include <jobqd/engine/remote_workers.hpp>
#include <jobqd/engine/retry_processor.hpp>
#include <jobqd/engine/scheduler.hpp>
#include <jobqd/engine/worker_pool.hpp>
#include <jobqd/http/server.hpp>

#include "app/daemon/app.hpp"
#include "app/logging/job_log.hpp"

namespace jobqd::app {

/// What the store goes by for this queue.
[[nodiscard]] engine::QueueOptions queue_options(const QueueConfig& queue);

/// What works off one queue; nothing where workers elsewhere do.
struct QueueParts {
  std::unique_ptr<engine::Processor> processor;
  std::unique_ptr<engine::RetryProcessor> retry_processor;
  std::unique_ptr<engine::WorkerPool> workers;
};

/// Everything the daemon is made of, in the order it is built; destroyed in reverse.
struct App::Parts {
  Parts(Config settings, const base::Clock& time, Log& lines)
      : config(std::move(settings)), clock(time), log(lines), observer(lines) {}

  Config config;  ///< Changed by reload() only.
  const base::Clock& clock;
  Log& log;
  JobLog observer;
  base::Random random{base::Random::system_seed()};
  std::unique_ptr<engine::Store> store;
  bool store_is_durable = false;
  std::unique_ptr<engine::RemoteWorkers> remote;
  std::unique_ptr<engine::Scheduler> scheduler;
  std::vector<QueueParts> queues;
  std::unique_ptr<http::Server> server;
  std::uint16_t port = 0;
};

}  // namespace jobqd::app
