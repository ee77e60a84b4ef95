#pragma once

#include <new>
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

/// Runs one attempt. If it finds no memory it is put back like one that could not be started, also if it had
/// begun: `attempt` has to end what it began when an exception leaves it.
template <class Attempt>
[[nodiscard]] engine::Outcome unless_memory_runs_out(Attempt attempt) {
  try {
    return attempt();
  } catch (const std::bad_alloc&) {
    return unstarted("out of memory");  // Short enough for a string without an allocation.
  }
}

}  // namespace jobqd::processors
