#include <jobqd/engine/worker_pool.hpp>

#include <utility>

#include <fmt/format.h>

#include <jobqd/base/thread_name.hpp>

namespace jobqd::engine {

WorkerPool::WorkerPool(Store& store, RetryProcessor& processor, std::string queue, std::size_t workers)
    : store_(store), processor_(processor), queue_(std::move(queue)), workers_(workers) {}

void WorkerPool::start() {
  if (stopped_ || std::exchange(started_, true)) return;
  hire();
}

void WorkerPool::resize(std::size_t workers) {
  workers_ = workers;
  if (stopped_ || !started_) return;
  for (; threads_.size() > workers; threads_.pop_back()) {
    threads_.back().request_stop();
    leaving_.push_back(std::move(threads_.back()));
  }
  hire();
}

void WorkerPool::hire() {
  threads_.reserve(workers_);
  for (auto i = threads_.size(); i < workers_; ++i)
    threads_.emplace_back([this, i](const std::stop_token& stop) { run(stop, i); });
}

void WorkerPool::request_stop() {
  stopped_ = true;
  for (auto& thread : threads_) thread.request_stop();
}

void WorkerPool::join() {
  for (auto* threads : {&threads_, &leaving_})
    for (auto& thread : *threads)
      if (thread.joinable()) thread.join();
}

void WorkerPool::run(const std::stop_token& stop, std::size_t number) {
  base::name_this_thread(fmt::format("work-{}-{}", number, queue_));
  while (const auto claim = store_.claim(queue_, stop)) processor_.run(*claim);
}

}  // namespace jobqd::engine
