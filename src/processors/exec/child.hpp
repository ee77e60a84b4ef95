#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/types.h>

#include "processors/exec/descriptor.hpp"

namespace jobqd::processors::exec {

/// How a program ended.
struct ProgramEnd {
  enum class Kind : std::uint8_t {
    exited,
    killed,
    unknown,  ///< The status was lost: this process ignores SIGCHLD, or a library waits for all children.
  };
  Kind kind = Kind::exited;
  int number = 0;  ///< The exit code, or the signal.
};

/// A running program, and this process's ends of its standard streams, which never block. The destructor
/// kills the program and waits for its end.
class Child {
 public:
  struct Program {
    std::vector<std::string> command;
    std::vector<std::string> environment;  ///< NAME=value
    std::string working_directory;
    std::size_t max_memory = 0;
    rlim_t max_cpu_seconds = 0;
  };

  /// Why a program could not be started.
  struct NotStarted {
    std::string why;        ///< One line.
    bool shortage = false;  ///< This process has no descriptors, processes or memory left.
  };

  static std::expected<Child, NotStarted> start(const Program& program);

  Child(Child&&) = default;
  Child& operator=(Child&&) = delete;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  /// Sends the signal to the program's whole process group.
  void signal(int number) const;

  /// A descriptor that becomes readable when the program has ended.
  [[nodiscard]] int ended() const { return process_.get(); }

  /// Kills what is left of the group and returns how the program ended. Waits for the end; once.
  [[nodiscard]] ProgramEnd reap();

  Descriptor input;
  Descriptor output;
  Descriptor errors;

 private:
  Child() = default;

  Descriptor process_;  ///< A pidfd, or what is always readable once the status was lost; open until reap().
  pid_t group_ = 0;
};

}  // namespace jobqd::processors::exec
