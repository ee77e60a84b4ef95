#pragma once

/// Checks an invariant, in release builds too. A daemon that continued with a broken state would lose jobs
/// silently; instead it prints where the invariant broke and aborts. Never used for input or for I/O errors.
#define JOBQD_CHECK(condition)                                     \
  do {                                                             \
    if (!(condition)) [[unlikely]]                                 \
      ::jobqd::base::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)

/// Code that is never reached while the invariants hold. `why` is a string literal that says so.
#define JOBQD_UNREACHABLE(why) ::jobqd::base::check_failed(why, __FILE__, __LINE__)

namespace jobqd::base {

/// Prints one line to standard error and aborts. Any thread; takes a second at most.
[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace jobqd::base
