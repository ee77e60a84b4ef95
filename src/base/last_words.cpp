#include <jobqd/base/last_words.hpp>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>

#include <poll.h>
#include <unistd.h>

#include <jobqd/base/clock.hpp>

namespace jobqd::base {

namespace {

constexpr milliseconds patience{1'000};
constexpr unsigned guard_s = 3;

/// Whether standard error takes PIPE_BUF bytes without blocking, or reports an error, before the deadline.
bool wait_for_room(const SystemClock& clock, SteadyTime deadline) {
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - clock.now().steady);
    pollfd room{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
    const int ready = ::poll(&room, 1, static_cast<int>(std::max(left, milliseconds{0}).count()));
    if (ready >= 0 || errno != EINTR) return ready == 1;
  }
}

}  // namespace

void write_last_words(std::string_view text) noexcept {
  std::signal(SIGPIPE, SIG_IGN);
  // Another writer of the same pipe may take the room that poll() found, and the write blocks. The alarm ends
  // the process then, which was about to end anyway.
  std::signal(SIGALRM, [](int) { _exit(1); });
  ::alarm(guard_s);
  const SystemClock clock;
  const auto deadline = clock.now().steady + patience;
  while (!text.empty() && wait_for_room(clock, deadline)) {
    const auto written = ::write(STDERR_FILENO, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
    if (written > 0)
      text.remove_prefix(static_cast<std::size_t>(written));
    else if (written == 0 || (errno != EINTR && errno != EAGAIN))
      break;
  }
  ::alarm(0);
}

void end_process(std::string_view line) noexcept {
  write_last_words(line);
  _exit(1);
}

}  // namespace jobqd::base
