#pragma once

#include <chrono>
#include <cstddef>

#include <jobqd/base/clock.hpp>

namespace jobqd::stores::embedded {

/// Whether remote workers are there for one queue: one of them waits for a lease, holds one, or showed that
/// it lives within the last minute.
///
/// Not thread-safe. Takes the time as an argument, which must not go back.
class RemotePresence {
 public:
  /// A request for a lease begins to wait, or a lease begins.
  void begin() { ++engaged_; }
  /// It ends.
  void end(base::SteadyTime now) {
    --engaged_;
    see(now);
  }
  /// A worker asked for a lease, or sent a heartbeat.
  void see(base::SteadyTime now) {
    seen_ = now;
    ever_seen_ = true;
  }

  [[nodiscard]] bool is_there(base::SteadyTime now) const {
    return engaged_ > 0 || (ever_seen_ && now - seen_ < std::chrono::seconds{60});
  }

 private:
  std::size_t engaged_ = 0;  ///< Requests that wait, and leases.
  base::SteadyTime seen_{};
  bool ever_seen_ = false;
};

}  // namespace jobqd::stores::embedded
