#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jobqd/engine/processor.hpp>

namespace jobqd::processors {

/// Runs a program for each attempt.
///
/// The program gets the payload on standard input, a string as its text, anything else as its JSON; JOB_ID,
/// JOB_QUEUE, JOB_ATTEMPT, JOB_LEASE_TOKEN and the variables that `env` names; nothing else: no shell, no
/// other variable, no open file, no new privileges, a process group of its own. What it writes to standard
/// output is the result, the end of what it writes to standard error is the error. When it has ended, what it
/// left running in its group is killed; it dies with the daemon.
///
/// A stop is SIGTERM to the group, and SIGKILL after `kill_after`. Thread-safe. Linux.
class Exec final : public engine::Processor {
 public:
  struct Options {
    std::vector<std::string> command;   ///< The absolute path of the program, and its arguments.
    std::vector<std::string> env = {};  ///< Variables of this process that the program gets too.
    std::string working_directory = "/";
    std::size_t max_memory = 0;     ///< Bytes of address space (RLIMIT_AS); 0: no limit.
    base::milliseconds max_cpu{0};  ///< Processor time (RLIMIT_CPU), in whole seconds; 0: no limit.
    base::milliseconds kill_after{5'000};
  };

  explicit Exec(Options options) : options_(std::move(options)) {}

  [[nodiscard]] engine::Outcome process(const engine::Claim& claim, std::stop_token stop) override;

 private:
  const Options options_;
};

/// Why this program cannot be run; empty when it can.
[[nodiscard]] std::string program_fault(const std::string& path);

/// How a program ended.
struct ProgramEnd {
  bool by_signal = false;
  int number = 0;  ///< The exit code, or the signal.
};

/// What an end means, by the codes of sysexits.h: 0 is done, 64 (EX_USAGE), 65 (EX_DATAERR) and 78
/// (EX_CONFIG) fail for good, everything else may go better the next time.
[[nodiscard]] engine::Outcome outcome_of(ProgramEnd end, std::string_view output, std::string_view errors);

}  // namespace jobqd::processors
