#include <jobqd/engine/worker_pool.hpp>

#include <utility>

#include <fmt/format.h>

#include <jobqd/base/check.hpp>
#include <jobqd/base/thread_name.hpp>

namespace jobqd::engine {

WorkerPool::WorkerPool(Claims& claims, RetryProcessor& processor, std::string queue, std::size_t workers)
    : claims_(claims),
      processor_(processor),
      queue_(std::move(queue)),
      channel_(workers),
      workers_(workers) {}

WorkerPool::~WorkerPool() {
  request_stop();
  join();
}

void WorkerPool::start() {
  if (stopped_ || std::exchange(started_, true)) return;
  start_workers();
}

void WorkerPool::resize(std::size_t workers) {
  workers_ = workers;
  if (stopped_ || !started_) return;
  for (; threads_.size() > workers; threads_.pop_back()) {
    threads_.back().request_stop();
    leaving_.push_back(std::move(threads_.back()));
  }
  start_workers();
}

void WorkerPool::start_workers() {
  channel_.set_capacity(workers_ + leaving_.size());
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
  while (const auto claim = next(stop)) processor_.run(*claim);
}

WorkerPool::Answer WorkerPool::next(const std::stop_token& stop) {
  if (stop.stop_requested()) return std::nullopt;
  claims_.claim({.queue = queue_, .wait_id = wait_id_}, [this](Expected<std::vector<Claim>> claims) {
    Answer answer;
    if (claims && !claims->empty()) answer = std::move(claims->front());
    const bool pushed = channel_.try_push(std::move(answer));
    JOBQD_CHECK(pushed);
  });
  if (auto answer = channel_.pop(stop)) return *std::move(answer);
  leave();
  return std::nullopt;
}

/// There are as many waiting workers as requests that wait and answers that have come or are just coming. One
/// of either has to go with this worker.
void WorkerPool::leave() {
  if (claims_.withdraw(wait_id_)) return;
  const auto answer = channel_.pop({});
  if (const auto& claim = answer.value())
    claims_.settle(claim->id, claim->token, Unstarted{.why = "its worker left"}, Settler::own_worker,
                   [](const Expected<Resolution>&) {});
}

}  // namespace jobqd::engine
