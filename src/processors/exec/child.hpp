#pragma once

#include <expected>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/types.h>

#include <jobqd/processors/exec.hpp>

namespace jobqd::processors {

/// Closed at the end.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    close();
    number_ = other.release();
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }

  [[nodiscard]] int get() const { return number_; }
  [[nodiscard]] bool is_open() const { return number_ >= 0; }
  void close();

 private:
  int release() {
    const int number = number_;
    number_ = -1;
    return number;
  }
  int number_ = -1;
};

/// A running program, and our ends of its standard streams. They never block. Killed and waited for at the
/// end.
class Child {
 public:
  struct Program {
    std::vector<std::string> command;
    std::vector<std::string> environment;  ///< NAME=value
    std::string working_directory;
    std::size_t max_memory = 0;
    rlim_t max_cpu_seconds = 0;
  };

  /// The error is one line.
  static std::expected<Child, std::string> start(const Program& program);

  Child(Child&&) = default;
  Child& operator=(Child&&) = delete;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  /// To the whole group.
  void signal(int number) const;

  /// Readable once the program has ended.
  [[nodiscard]] int ended() const { return process_.get(); }

  /// Kills what is left of the group, and takes the program's end. Once, after it has ended.
  [[nodiscard]] ProgramEnd reap();

  Descriptor input;
  Descriptor output;
  Descriptor errors;

 private:
  Child() = default;

  Descriptor process_;  ///< A pidfd; open until reap().
  pid_t group_ = 0;
};

}  // namespace jobqd::processors
