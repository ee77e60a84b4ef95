#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <jobqd/base/clock.hpp>

namespace jobqd::processors::exec {

/// Which program an exec processor runs, and how.
struct Options {
  std::vector<std::string> command;   ///< The absolute path of the program, and its arguments.
  std::vector<std::string> env = {};  ///< Names of variables of this process that the program gets too.
  std::string working_directory = "/";
  std::size_t max_memory = 0;            ///< Bytes of address space (RLIMIT_AS); 0: no limit.
  base::milliseconds max_cpu{0};         ///< Processor time (RLIMIT_CPU), rounded up to seconds; 0: no limit.
  base::milliseconds kill_after{5'000};  ///< How long after SIGTERM SIGKILL follows.

  bool operator==(const Options&) const = default;
};

/// Why this program cannot be run; empty when it can.
[[nodiscard]] std::string program_fault(const std::string& path);

}  // namespace jobqd::processors::exec
