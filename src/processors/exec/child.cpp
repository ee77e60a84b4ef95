#include "processors/exec/child.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "processors/shortage.hpp"

namespace jobqd::processors::exec {

namespace {

std::string message_of(int error) {
  return std::generic_category().message(error);
}

struct Pipe {
  Descriptor read;
  Descriptor write;
};

/// A pipe whose ends are numbered above the standard streams, which this process may have been started
/// without.
std::expected<Pipe, int> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::unexpected(errno);
  Pipe pipe{.read = Descriptor(ends[0]), .write = Descriptor(ends[1])};
  for (Descriptor* end : {&pipe.read, &pipe.write}) {
    if (end->get() > STDERR_FILENO) continue;
    const int above = ::fcntl(end->get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (above < 0) return std::unexpected(errno);
    *end = Descriptor(above);
  }
  return pipe;
}

void never_block(const Descriptor& end) {
  ::fcntl(end.get(), F_SETFL, ::fcntl(end.get(), F_GETFL) | O_NONBLOCK);
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (const auto& text : texts)
    all.push_back(const_cast<char*>(text.c_str()));  // NOLINT: execve() changes none.
  all.push_back(nullptr);
  return all;
}

/// All that the child needs, prepared before vfork().
struct Plan {
  char* const* arguments;
  char* const* environment;
  const char* working_directory;
  std::array<int, 3> streams;
  int report;  ///< Takes the errno of a failed start; execve() closes it.
  rlimit memory;
  rlimit cpu;
  pid_t parent;
};

constexpr int report_in_child = STDERR_FILENO + 1;

/// First half of the start: group, privileges, limits, folder. Returns 0 or errno.
int take_limits(const Plan& plan) {
  if (::setpgid(0, 0) != 0) return errno;
  // The signal comes when the thread that called vfork() ends: workers live as long as the daemon.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != plan.parent) return ESRCH;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0 || ::setrlimit(RLIMIT_AS, &plan.memory) != 0 ||
      ::setrlimit(RLIMIT_CPU, &plan.cpu) != 0)
    return errno;
  ::umask(077);
  return ::chdir(plan.working_directory) == 0 ? 0 : errno;
}

/// Second half of the start: streams, signals, and the program itself. Returns errno.
int become_program(const Plan& plan) {
  for (int stream = 0; stream < 3; ++stream)
    if (::dup2(plan.streams[static_cast<std::size_t>(stream)], stream) < 0) return errno;
  if (::dup2(plan.report, report_in_child) < 0 || ::fcntl(report_in_child, F_SETFD, FD_CLOEXEC) != 0 ||
      ::close_range(report_in_child + 1, ~0U, 0) != 0)
    return errno;
  // execve() keeps what is ignored, here or already by whatever started the daemon.
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t nothing;
  sigemptyset(&nothing);
  ::pthread_sigmask(SIG_SETMASK, &nothing, nullptr);
  ::execve(plan.arguments[0], plan.arguments, plan.environment);
  return errno;
}

/// Runs in the child, which shares the parent's memory until execve(): nothing but system calls.
[[noreturn]] void run_child(const Plan& plan) {
  int report = plan.report;
  int error = take_limits(plan);
  if (error == 0) {
    error = become_program(plan);
    if (::fcntl(report, F_GETFD) < 0) report = report_in_child;
  }
  (void)!::write(report, &error, sizeof error);
  ::_exit(127);
}

/// Uses vfork(), because fork() copies the page tables, which takes long in a daemon with millions of jobs.
[[gnu::noinline]] pid_t spawn(const Plan& plan) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);  // No signal handler of this process may run in the child.
  // NOLINTNEXTLINE(bugprone-unsafe-functions,clang-analyzer-security.insecureAPI.vfork): see decision 0010.
  const pid_t pid = ::vfork();
  if (pid == 0) run_child(plan);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return pid;
}

/// The limit where it is set, and otherwise the one of this process.
rlimit limit_or_own(int resource, rlim_t value) {
  if (value > 0) return {.rlim_cur = value, .rlim_max = value};
  rlimit own{};
  ::getrlimit(static_cast<__rlimit_resource_t>(resource), &own);
  return own;
}

/// What the message of the error leaves open; begins with a colon, or is empty.
std::string_view explanation(const Child::Program& program, int error) {
  if (error == ENOEXEC)
    return ": it is neither a program for this system nor a script whose first line begins with #!";
  if (error != ENOENT || ::access(program.command.front().c_str(), F_OK) != 0) return "";
  if (::access(program.working_directory.c_str(), F_OK) != 0) return ": its working directory is missing";
  return ": the file exists, but its interpreter (the first line, #!) or its loader is missing";
}

}  // namespace

std::expected<Child, Child::NotStarted> Child::start(const Program& program) {
  const auto cannot = [&program](int error, bool limited = false) {
    return std::unexpected(NotStarted{.why = fmt::format("cannot run {}: {}{}", program.command.front(),
                                                         message_of(error), explanation(program, error)),
                                      .shortage = !limited && (is_shortage(error) || error == EAGAIN)});
  };
  std::array<Pipe, 4> pipes;
  for (auto& pipe : pipes) {
    auto made = make_pipe();
    if (!made) return cannot(made.error());
    pipe = *std::move(made);
  }
  auto& report = pipes[3];
  const auto arguments = pointers(program.command);
  const auto environment = pointers(program.environment);
  const pid_t pid = spawn({.arguments = arguments.data(),
                           .environment = environment.data(),
                           .working_directory = program.working_directory.c_str(),
                           .streams = {pipes[0].read.get(), pipes[1].write.get(), pipes[2].write.get()},
                           .report = report.write.get(),
                           .memory = limit_or_own(RLIMIT_AS, program.max_memory),
                           .cpu = limit_or_own(RLIMIT_CPU, program.max_cpu_seconds),
                           .parent = ::getpid()});
  if (pid < 0) return cannot(errno);
  report.write.close();  // Now, so that its descriptor is free for the next one.
  Child child;
  child.group_ = pid;
  // Not pidfd_open(): glibc 2.36 declares it for C alone.
  child.process_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  // Where this process ignores SIGCHLD, a program that has ended leaves nothing to open. It ran all the same.
  if (!child.process_.is_open() && errno == ESRCH) child.process_ = Descriptor(::eventfd(1, EFD_CLOEXEC));
  int error = child.process_.is_open() ? 0 : errno;
  (void)!::read(report.read.get(), &error, sizeof error);  // Reads nothing where the start succeeded.
  if (error != 0) {
    child.signal(SIGKILL);
    ::waitpid(pid, nullptr, 0);
    child.process_.close();
    // A program that does not fit into the memory that its queue allows is no shortage.
    return cannot(error, error == ENOMEM && program.max_memory > 0);
  }
  child.input = std::move(pipes[0].write);
  child.output = std::move(pipes[1].read);
  child.errors = std::move(pipes[2].read);
  for (const auto* end : {&child.input, &child.output, &child.errors}) never_block(*end);
  return child;
}

Child::~Child() {
  if (process_.is_open()) {
    signal(SIGKILL);
    (void)reap();
  }
}

void Child::signal(int number) const {
  ::kill(-group_, number);
}

ProgramEnd Child::reap() {
  siginfo_t end{};
  // Until the end is taken (without WNOWAIT), neither the process id nor that of the group can be reused.
  while (::waitid(P_PIDFD, static_cast<id_t>(process_.get()), &end, WEXITED | WNOWAIT) != 0 && errno == EINTR)
    continue;
  signal(SIGKILL);
  int error = 0;
  do {
    error = ::waitid(P_PIDFD, static_cast<id_t>(process_.get()), &end, WEXITED) == 0 ? 0 : errno;
  } while (error == EINTR);
  process_.close();
  if (error != 0) return {.kind = ProgramEnd::Kind::unknown};
  return {.kind = end.si_code == CLD_EXITED ? ProgramEnd::Kind::exited : ProgramEnd::Kind::killed,
          .number = end.si_status};
}

}  // namespace jobqd::processors::exec
