#include "app/daemon/signals.hpp"

#include <algorithm>

namespace jobqd::app {

sigset_t signal_set(std::initializer_list<int> numbers) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : numbers) sigaddset(&signals, number);
  return signals;
}

int next_signal(const sigset_t& signals, std::optional<std::chrono::nanoseconds> longest) {
  if (!longest) return sigwaitinfo(&signals, nullptr);
  const auto wait = std::max(*longest, std::chrono::nanoseconds{0});
  const auto seconds = std::chrono::floor<std::chrono::seconds>(wait);
  const timespec time{.tv_sec = seconds.count(), .tv_nsec = (wait - seconds).count()};
  return sigtimedwait(&signals, nullptr, &time);
}

}  // namespace jobqd::app
