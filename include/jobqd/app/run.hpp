#pragma once

#include <vector>

#include <jobqd/processors/kind.hpp>

namespace jobqd::app {

/// Does all that the program jobqd does: reads command line, environment and CONFIG file, serves until
/// SIGTERM or SIGINT, reads all that again on SIGHUP, and returns the exit code.
///
/// `more`: kinds of processors beside those of jobqd. One with the name of a kind of jobqd replaces it.
///
/// Call it from main(), before there are other threads: it blocks those signals in all threads to come,
/// ignores SIGPIPE and SIGXFSZ, and sets SIGCHLD to its default. As process 1 and as a subreaper it reaps the
/// orphans that the kernel gives to the main thread, and the main thread's own children with them.
[[nodiscard]] int run(int argc, const char* const* argv, std::vector<processors::ProcessorKind> more = {});

}  // namespace jobqd::app
