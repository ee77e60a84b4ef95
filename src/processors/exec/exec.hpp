#pragma once

#include <string_view>
#include <utility>

#include <jobqd/engine/processor.hpp>

#include "processors/exec/child.hpp"
#include "processors/exec/options.hpp"

namespace jobqd::processors::exec {

/// Runs a program for each attempt.
///
/// The program gets the payload on standard input: a string as its text, anything else as its JSON. Its
/// environment is JOB_ID, JOB_QUEUE, JOB_ATTEMPT, JOB_LEASE_TOKEN, TRACEPARENT if the job has one, and the
/// variables that Options::env names; one of these names stands for the job's variable or for none.
/// It has no shell, no open file of this process, no new privileges, and a process group of its own. What it
/// writes to standard output is the result; the end of what it writes to standard error is the error. When it
/// has ended, whatever it left running in its group is killed. It dies with the daemon.
///
/// A stop sends SIGTERM to the group, and SIGKILL after Options::kill_after. Thread-safe. Linux only.
class Exec final : public engine::Processor {
 public:
  explicit Exec(Options options) : options_(std::move(options)) {}

  [[nodiscard]] engine::Outcome process(const engine::Claim& claim, std::stop_token stop) override;

 private:
  [[nodiscard]] engine::Outcome attempt(const engine::Claim& claim, const std::stop_token& stop);

  const Options options_;
};

/// What the end of a program means, by the codes of sysexits.h: 0 is success; 64 (EX_USAGE), 65 (EX_DATAERR)
/// and 78 (EX_CONFIG) fail the job for good; anything else is a failed attempt that may be retried.
[[nodiscard]] engine::Outcome outcome_of(ProgramEnd end, std::string_view output, std::string_view errors);

}  // namespace jobqd::processors::exec
