#pragma once

#include <string>

#include <jobqd/engine/processor.hpp>

/// What a processor does when this process, or the whole machine, has no descriptors, processes, threads or
/// memory left to start an attempt. That is not the job's fault: nothing is counted against it, and it waits.
namespace jobqd::processors {

/// Whether this errno says that descriptors or memory have run out.
[[nodiscard]] bool is_shortage(int error);

/// The outcome of an attempt that could not be started for `why`, one line. The queue pauses its starts for a
/// second, so that its workers do not try in vain all the time.
[[nodiscard]] engine::Unstarted unstarted(std::string why);

}  // namespace jobqd::processors
