#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace jobqd::support {

/// While it lives, this process can open only `more` further files. Those that are open have to have the
/// lowest numbers.
class FewDescriptors {
 public:
  explicit FewDescriptors(rlim_t more) {
    const int lowest_free = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(lowest_free);
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit few{.rlim_cur = static_cast<rlim_t>(lowest_free) + more, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;

 private:
  rlimit before_{};
};

}  // namespace jobqd::support
