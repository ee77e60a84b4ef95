#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <boost/container/small_vector.hpp>

#include <jobqd/base/clock.hpp>
#include <jobqd/domain/error.hpp>
#include <jobqd/engine/callback.hpp>
#include <jobqd/engine/claim.hpp>

namespace jobqd::stores::embedded {

/// What one decision of the store leads to besides its own change: collected while the lock is held, carried
/// out by EmbeddedStore::Turn once it is released. Callbacks and stop requests run foreign code, which must
/// never run under the lock.
class Effects {
 public:
  explicit Effects(base::Now at) : now(at) {}

  Effects(const Effects&) = delete;
  Effects& operator=(const Effects&) = delete;
  ~Effects() = default;

  /// The time of the decision.
  const base::Now now;

  /// The journal was handed something, and has to be flushed.
  void flush() { flush_ = true; }

  /// tick() has work to do no later than at this time.
  void wants_tick(base::SteadyTime at) { tick_at_ = std::min(tick_at_, at); }

  /// A queue, by its index, may be able to start a job that it could not start before.
  void may_start(std::uint16_t queue) {
    if (queues_.empty() || queues_.back() != queue) queues_.push_back(queue);
  }

  /// Asks an attempt to stop.
  void stop(std::shared_ptr<engine::StopSignal> signal, engine::StopCause cause) {
    signal->decide(cause);  // Now, before the attempt can be settled.
    stops_.push_back(std::move(signal));
  }

  void call(std::move_only_function<void()> function) { calls_.push_back(std::move(function)); }

  /// Calls done(error).
  template <class T>
  void refuse(engine::Callback<T> done, domain::Error error) {
    call([done = std::move(done), error = std::move(error)]() mutable {
      done(std::unexpected(std::move(error)));
    });
  }

  /// The queues of may_start(), some perhaps twice. For the end of the turn, under the lock.
  [[nodiscard]] const auto& queues() const { return queues_; }
  [[nodiscard]] base::SteadyTime tick_at() const { return tick_at_; }
  [[nodiscard]] bool flushes() const { return flush_; }

  /// Runs the stop requests, then the calls. Without the lock.
  void carry_out() {
    for (const auto& signal : stops_) signal->raise();
    for (auto& call : calls_) call();
  }

 private:
  bool flush_ = false;
  base::SteadyTime tick_at_ = base::SteadyTime::max();
  boost::container::small_vector<std::uint16_t, 4> queues_;
  std::vector<std::shared_ptr<engine::StopSignal>> stops_;
  boost::container::small_vector<std::move_only_function<void()>, 2> calls_;
};

}  // namespace jobqd::stores::embedded
