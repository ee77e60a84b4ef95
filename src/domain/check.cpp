#include <jobqd/domain/check.hpp>

#include <cstdio>
#include <cstdlib>

namespace jobqd::domain {

void check_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "jobqd: broken invariant `%s` at %s:%d; stopping before anything is lost\n", condition,
               file, line);
  std::abort();
}

}  // namespace jobqd::domain
