#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <stop_token>
#include <thread>
#include <vector>

#include <jobqd/base/mutex.hpp>
#include <jobqd/engine/observer.hpp>

#include "stores/journal/payload_source.hpp"

namespace jobqd::stores::journal {

/// Reads payloads on a thread of its own, one request after the other. Tells the observer, on that thread,
/// when reading begins to fail and when it works again. `observer` outlives it.
class PayloadReader {
 public:
  PayloadReader(std::unique_ptr<PayloadSource> source, engine::Observer& observer);
  /// Stops.
  ~PayloadReader();

  PayloadReader(const PayloadReader&) = delete;
  PayloadReader& operator=(const PayloadReader&) = delete;

  /// Never waits and never calls `done` itself. Any thread.
  void read(std::vector<std::uint64_t> numbers, PayloadsRead done) JOBQD_EXCLUDES(mutex_);

  /// Ends the thread. What is left and what comes later is dropped: those functions are destroyed uncalled,
  /// with this object.
  void stop();

 private:
  struct Request {
    std::vector<std::uint64_t> numbers;
    PayloadsRead done;
  };

  void run(const std::stop_token& stop) JOBQD_EXCLUDES(mutex_);
  ReadPayloads read(const std::vector<std::uint64_t>& numbers);

  const std::unique_ptr<PayloadSource> source_;
  engine::Observer& observer_;
  bool fails_ = false;  ///< The last request did. Only for the thread.
  base::Mutex mutex_;
  base::StoppableConditionVariable work_;
  std::deque<Request> requests_ JOBQD_GUARDED_BY(mutex_);
  std::jthread thread_;
};

}  // namespace jobqd::stores::journal
