#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <jobqd/base/check.hpp>

#include "support/patience.hpp"

namespace jobqd::app {

/// A pipe of one page, which is full soon.
class TestPipe {
 public:
  TestPipe() {
    JOBQD_CHECK(::pipe2(ends_, O_CLOEXEC) == 0);
    JOBQD_CHECK(::fcntl(write_end(), F_SETPIPE_SZ, 4096) == 4096);
  }
  ~TestPipe() {
    close_read_end();
    ::close(write_end());
  }

  TestPipe(const TestPipe&) = delete;
  TestPipe& operator=(const TestPipe&) = delete;

  [[nodiscard]] int write_end() const { return ends_[1]; }

  void close_read_end() {
    if (ends_[0] >= 0) ::close(ends_[0]);
    ends_[0] = -1;
  }

  /// Everything up to and with `end`, which has to come; what there was where it does not.
  std::string read_until(std::string_view end) {
    auto found = unread_.find(end);
    while (found == std::string::npos) {
      const auto searched = unread_.size() - std::min(unread_.size(), end.size());
      if (!read_more(support::patience)) return std::exchange(unread_, {});
      found = unread_.find(end, searched);
    }
    auto text = unread_.substr(0, found + end.size());
    unread_.erase(0, text.size());
    return text;
  }

  /// What can be read without waiting.
  std::string read_what_is_there() {
    while (read_more({})) continue;
    return std::exchange(unread_, {});
  }

 private:
  bool read_more(std::chrono::milliseconds wait) {
    pollfd from{.fd = ends_[0], .events = POLLIN, .revents = 0};
    if (::poll(&from, 1, static_cast<int>(wait.count())) != 1) return false;
    std::array<char, 4096> part{};
    const auto count = ::read(ends_[0], part.data(), part.size());
    if (count > 0) unread_.append(part.data(), static_cast<std::size_t>(count));
    return count > 0;
  }

  std::string unread_;
  int ends_[2] = {-1, -1};
};

}  // namespace jobqd::app
