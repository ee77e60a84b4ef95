#pragma once

#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace jobqd::support {

/// While it lives, this process can open only `more` further files.
class FewDescriptors {
 public:
  explicit FewDescriptors(int more) {
    rlim_t limit = 0;  // The lowest number that cannot be had.
    std::vector<int> opened;
    for (int i = 0; i < more; ++i) opened.push_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    for (const int descriptor : opened) ::close(descriptor);
    if (!opened.empty()) limit = static_cast<rlim_t>(opened.back()) + 1;
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit few{.rlim_cur = limit, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;

 private:
  rlimit before_{};
};

}  // namespace jobqd::support
