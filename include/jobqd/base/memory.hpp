#pragma once

namespace jobqd::base {

/// Gives memory that was freed back to the operating system, as far as whole pages of it are free. May take
/// some ten milliseconds, during which other threads wait for memory. Any thread.
void give_free_memory_back();

}  // namespace jobqd::base
