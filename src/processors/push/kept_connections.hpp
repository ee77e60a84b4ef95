#pragma once

#include <memory>
#include <stop_token>
#include <thread>
#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/base/mutex.hpp>

#include "processors/push/connection.hpp"

namespace jobqd::processors::push {

/// Connections that wait for the next push to the same receiver.
///
/// A connection is used again only while it is fresh: a firewall or a proxy on the way may drop a connection
/// silently, which looks like a slow receiver. It is also given up at a certain age, so that a
/// changed address is noticed. A thread closes what has become too old, within about a second, so that a
/// queue without jobs holds no descriptors.
///
/// Thread-safe. Holds no more connections than there were pushes at the same time.
class KeptConnections {
 public:
  static constexpr base::milliseconds longest_idle{1'000};
  static constexpr base::milliseconds longest_age{60'000};

  /// `clock` outlives it. Throws std::system_error where there is no thread to be had.
  explicit KeptConnections(const base::Clock& clock);

  /// The connection that was used last; null where none is fresh and quiet.
  [[nodiscard]] std::unique_ptr<Connection> take() JOBQD_EXCLUDES(mutex_);

  /// Keeps a connection that is reusable.
  void keep(std::unique_ptr<Connection> connection) JOBQD_EXCLUDES(mutex_);

  /// Closes what is too old by now.
  void sweep() JOBQD_EXCLUDES(mutex_);

 private:
  struct Kept {
    std::unique_ptr<Connection> connection;
    base::SteadyTime until;
  };

  void run(const std::stop_token& stop) JOBQD_EXCLUDES(mutex_);
  [[nodiscard]] std::unique_ptr<Connection> take_last() JOBQD_EXCLUDES(mutex_);

  const base::Clock& clock_;
  base::Mutex mutex_;
  base::StoppableConditionVariable some_kept_;
  bool sweeper_sleeps_ JOBQD_GUARDED_BY(mutex_) = false;  ///< Until a connection is kept.
  std::vector<Kept> kept_ JOBQD_GUARDED_BY(mutex_);
  std::jthread sweeper_;  ///< The last member: it uses the others.
};

}  // namespace jobqd::processors::push
