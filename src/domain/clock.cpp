#include <jobqd/domain/clock.hpp>

namespace jobqd::domain {

Now SystemClock::now() const {
  return {.wall = std::chrono::floor<milliseconds>(std::chrono::system_clock::now()),
          .steady = std::chrono::steady_clock::now()};
}

}  // namespace jobqd::domain
