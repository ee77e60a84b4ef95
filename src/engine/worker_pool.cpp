#include <jobqd/engine/worker_pool.hpp>

#include <fmt/format.h>

#include <jobqd/engine/thread_name.hpp>

namespace jobqd::engine {

WorkerPool::WorkerPool(Store& store, RetryProcessor& processor, std::string queue, std::size_t workers)
    : store_(store), processor_(processor), queue_(std::move(queue)), workers_(workers) {}

void WorkerPool::start() {
  if (stopped_ || !threads_.empty()) return;
  threads_.reserve(workers_);
  for (std::size_t i = 0; i < workers_; ++i)
    threads_.emplace_back([this, i](const std::stop_token& stop) { run(stop, i); });
}

void WorkerPool::request_stop() {
  stopped_ = true;
  for (auto& thread : threads_) thread.request_stop();
}

void WorkerPool::join() {
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
}

void WorkerPool::run(const std::stop_token& stop, std::size_t number) {
  name_this_thread(fmt::format("work-{}-{}", number, queue_));
  while (const auto claim = store_.claim(queue_, stop)) processor_.run(*claim);
}

}  // namespace jobqd::engine
