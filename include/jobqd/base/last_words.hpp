#pragma once

#include <string_view>

namespace jobqd::base {

/// Writes to standard error for a process that is about to end: no lock, no allocation, any thread.
///
/// Returns after a second at the latest, also where standard error is a full pipe that nobody reads; what
/// could not be written by then is lost. Ignores SIGPIPE from here on.
void write_last_words(std::string_view text) noexcept;

}  // namespace jobqd::base
