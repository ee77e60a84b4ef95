#include <jobqd/base/check.hpp>

#include <cstdio>
#include <cstdlib>

namespace jobqd::base {

void check_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "jobqd: broken invariant `%s` at %s:%d; stopping before anything is lost\n", condition,
               file, line);
  std::abort();
}

}  // namespace jobqd::base
