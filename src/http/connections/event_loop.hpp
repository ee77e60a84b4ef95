#pragma once

#include <array>
#include <atomic>
#include <thread>

#include <boost/asio/io_context.hpp>

#include <jobqd/base/clock.hpp>
#include <jobqd/base/mutex.hpp>
#include <jobqd/engine/group_commit.hpp>

#include "http/connections/baton.hpp"

namespace jobqd::http {

/// Runs the handlers of an io_context, one at a time, and commits what they have changed once none is ready.
///
/// A commit may block for as long as the disk likes, and nothing else may wait for it. So there are two
/// threads: if the one that runs the loop has not come back from a commit within 1 to 2 ms, the other one
/// goes on with the handlers. While a commit is out nobody touches the disk here, and nothing is committed
/// inside of a handler.
///
/// start() and join() from one thread; the io_context's own rules hold for everything else.
class EventLoop {
 public:
  /// `commits` and `clock` outlive it.
  EventLoop(engine::GroupCommit& commits, const base::Clock& clock) : commits_(commits), clock_(clock) {}
  /// The loop has ended, or was never started.
  ~EventLoop() = default;

  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  [[nodiscard]] boost::asio::io_context& context() { return io_; }

  /// Once.
  void start();

  /// Returns when the io_context has run out of work and no commit is out.
  void join();

 private:
  /// Of each of the threads.
  void run(bool holds);
  /// Runs handlers until there will be none any more, or until the baton was taken: false.
  bool run_handlers();
  /// Runs those that are ready, for a short time. Returns whether there may be more.
  bool run_ready_handlers();
  /// Whether this thread still holds the baton.
  bool commit();
  /// Returns with the baton, or, at the end of the loop, without.
  bool wait_for_baton();
  bool watch() JOBQD_REQUIRES(mutex_);

  engine::GroupCommit& commits_;
  const base::Clock& clock_;
  /// One thread at a time: that is what the hint says. On two cores a second one costs more than it brings.
  boost::asio::io_context io_{1};
  Baton baton_;
  std::atomic<bool> watched_{false};  ///< The second thread looks at the baton every millisecond.
  base::Mutex mutex_;
  base::ConditionVariable changed_;
  bool wanted_ JOBQD_GUARDED_BY(mutex_) = false;  ///< A commit is out, and nobody watches.
  bool ended_ JOBQD_GUARDED_BY(mutex_) = false;
  std::array<std::jthread, 2> threads_;
};

}  // namespace jobqd::http
