#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

namespace jobqd::support {

/// How long a test waits for something that has to happen, before it fails instead of hanging. No test passes
/// by waiting.
inline constexpr std::chrono::seconds patience{30};

/// A stop token that is requested when this time is over, for calls that block until something happens.
class Patience {
 public:
  [[nodiscard]] std::stop_token token() const { return end_.get_token(); }

 private:
  std::stop_source end_;
  std::jthread watch_{[end = end_](const std::stop_token& done) mutable {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, done, patience, [] { return false; });
    if (!done.stop_requested()) end.request_stop();
  }};
};

}  // namespace jobqd::support
