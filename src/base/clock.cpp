#include <jobqd/base/clock.hpp>

namespace jobqd::base {

Now SystemClock::now() const {
  return {.wall = std::chrono::floor<milliseconds>(std::chrono::system_clock::now()),
          .steady = std::chrono::steady_clock::now()};
}

}  // namespace jobqd::base
