#include <jobqd/base/check.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>

#include <jobqd/base/last_words.hpp>

namespace jobqd::base {

void check_failed(const char* condition, const char* file, int line) noexcept {
  std::array<char, 1024> text{};  // No allocation: the heap may be what is broken.
  std::snprintf(text.data(), text.size(),
                "jobqd: broken invariant `%s` at %s:%d; stopping before anything is lost\n", condition, file,
                line);
  write_last_words(text.data());
  std::abort();
}

}  // namespace jobqd::base
