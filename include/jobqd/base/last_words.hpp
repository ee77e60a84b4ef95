#pragma once

#include <string_view>

namespace jobqd::base {

/// Writes the last line of a process that is about to end to standard error. Any thread; takes no lock and
/// allocates nothing.
///
/// Returns within a second even if standard error is a full pipe that is not read; what could not be written
/// by then is lost. From the call on the process ignores SIGPIPE.
void write_last_words(std::string_view text) noexcept;

/// Writes `line`, which ends in a line feed, as write_last_words() does, and ends the process at once with
/// exit code 1. For a state that cannot be trusted any more: whatever an orderly end would still do could be
/// wrong.
[[noreturn]] void end_process(std::string_view line) noexcept;

}  // namespace jobqd::base
