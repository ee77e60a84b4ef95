#include <jobqd/engine/worker_pool.hpp>

#include <algorithm>
#include <exception>
#include <thread>
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

std::expected<void, std::string> WorkerPool::start() {
  if (state_ != State::idle) return {};
  auto grown = grow(workers_);
  if (grown) state_ = State::started;
  return grown;
}

std::expected<void, std::string> WorkerPool::resize(std::size_t workers) {
  if (state_ == State::started) {
    if (auto grown = grow(workers); !grown) return grown;
    shrink(workers);
  }
  workers_ = workers;
  return {};
}

std::expected<void, std::string> WorkerPool::grow(std::size_t workers) {
  const auto before = threads_.size();
  if (workers <= before) return {};
  try {
    {
      const base::MutexLock lock(mutex_);
      leaving_.reserve(leaving_.size() + workers);  // So that shrink() needs no memory.
      channel_.set_capacity(workers + leaving_.size());
    }
    threads_.reserve(workers);
    for (auto i = before; i < workers; ++i) {
      threads_.emplace_back([this, i](const std::stop_token& stop) { run(stop, i); });
      ++alive_;
    }
    return {};
  } catch (const std::exception& error) {
    auto why = fmt::format("cannot start worker {} of {} of queue \"{}\": {}", threads_.size() + 1, workers,
                           queue_, error.what());
    shrink(before);
    return std::unexpected(std::move(why));
  }
}

void WorkerPool::shrink(std::size_t workers) {
  const base::MutexLock lock(mutex_);  // Taken before a leaving worker can search for itself in the list.
  for (; threads_.size() > workers; threads_.pop_back()) {
    threads_.back().request_stop();
    leaving_.push_back(std::move(threads_.back()));
  }
}

void WorkerPool::request_stop() {
  state_ = State::stopped;
  for (auto& thread : threads_) thread.request_stop();
}

void WorkerPool::join() {
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
  std::vector<std::jthread> leaving;
  {
    const base::MutexLock lock(mutex_);
    leaving = std::exchange(leaving_, {});
  }
  leaving.clear();  // Joins them. Those that retired meanwhile are joined by the one that retired last.
  std::jthread left;
  const base::MutexLock lock(mutex_);
  left = std::move(left_);
}

void WorkerPool::run(const std::stop_token& stop, std::size_t number) {
  base::name_this_thread(fmt::format("work-{}-{}", number, queue_));
  RetryProcessor::Next next{.asked = ask(stop)};
  while (next.asked) {
    if (!next.claim) next.claim = take(stop);
    if (!next.claim) break;
    next = processor_.run(*next.claim, stop, request(), answer());
  }
  retire();
  --alive_;
}

/// A worker that left after a resize joins the one that left before it, and is joined by the next. So no more
/// than one thread that has ended keeps its stack.
void WorkerPool::retire() {
  std::jthread before;  // Joined after the lock is released.
  const base::MutexLock lock(mutex_);
  const auto self = std::ranges::find(leaving_, std::this_thread::get_id(), &std::jthread::get_id);
  if (self == leaving_.end()) return;
  before = std::exchange(left_, std::move(*self));
  leaving_.erase(self);
}

bool WorkerPool::ask(const std::stop_token& stop) {
  if (stop.stop_requested()) return false;
  claims_.claim(request(), answer());
  return true;
}

ClaimRequest WorkerPool::request() const {
  return {.queue = queue_, .wait_id = wait_id_};
}

Callback<std::vector<Claim>> WorkerPool::answer() {
  return [this](Expected<std::vector<Claim>> claims) {
    Answer claim;
    if (claims && !claims->empty()) claim = std::move(claims->front());
    const bool pushed = channel_.try_push(std::move(claim));
    JOBQD_CHECK(pushed);
  };
}

WorkerPool::Answer WorkerPool::take(const std::stop_token& stop) {
  if (auto answer = channel_.pop(stop)) return *std::move(answer);
  leave();
  return {};
}

/// There are as many waiting workers as waiting requests and answers that have arrived or are about to. One
/// of them has to leave with this worker.
void WorkerPool::leave() {
  if (claims_.withdraw(wait_id_)) return;
  if (const auto claim = *channel_.pop({}))
    claims_.settle(claim->id, claim->token, Unstarted{.why = "its worker left"}, Settler::own_worker,
                   [](const Expected<Resolution>&) {});
}

}  // namespace jobqd::engine
