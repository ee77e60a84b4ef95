#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "stores/embedded/embedded_store.hpp"
#include "stores/embedded/records.hpp"

namespace jobqd::stores::embedded {

/// One decision of the store: holds its lock, knows the time it is made at, and collects what has to be
/// called after the lock is released, which the destructor then does.
class EmbeddedStore::Turn {
 public:
  Turn(EmbeddedStore& store, base::Now at) : now(at), store_(store), lock_(store.mutex_) {}
  explicit Turn(EmbeddedStore& store) : Turn(store, store.clock_.now()) {}

  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  ~Turn() {
    if (!store_.waiting_.empty()) store_.serve_waiting(*this);
    lock_.unlock();
    if (flush_) store_.journal_->flush();
    if (due_changed_) store_.due_changed_();
    for (const auto& signal : stops_) signal->raise();
    for (auto& call : calls_) call();
  }

  /// The journal was told something.
  void flush() { flush_ = true; }

  /// Hands the journal the job's present state.
  void keep(Record& record) {
    if (!store_.journal_->keeps()) return;
    record.batch = store_.journal_->update(progress_row(record));
    flush_ = true;
  }

  /// tick() has something to do then. Who calls it is told, unless it would be called by then anyway.
  void wants_tick(base::SteadyTime at) {
    if (at >= store_.next_tick_) return;
    store_.next_tick_ = at;
    due_changed_ = true;
  }
  void stop(std::shared_ptr<engine::StopSignal> signal, engine::StopCause cause) {
    signal->decide(cause);  // Before anybody else can settle the attempt.
    stops_.push_back(std::move(signal));
  }
  void call(std::move_only_function<void()> function) { calls_.push_back(std::move(function)); }

  const base::Now now;

 private:
  EmbeddedStore& store_;
  std::unique_lock<std::mutex> lock_;
  bool flush_ = false;
  bool due_changed_ = false;
  std::vector<std::shared_ptr<engine::StopSignal>> stops_;
  boost::container::small_vector<std::move_only_function<void()>, 1> calls_;
};

template <class T>
void EmbeddedStore::answer(Turn& turn, engine::Callback<T> done, domain::Error error) {
  turn.call([done = std::move(done), error = std::move(error)]() mutable {
    done(std::unexpected(std::move(error)));
  });
}

}  // namespace jobqd::stores::embedded
