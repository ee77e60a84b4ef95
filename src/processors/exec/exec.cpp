#include "processors/exec/exec.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <expected>
#include <new>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <jobqd/base/utf8.hpp>
#include <jobqd/domain/limits.hpp>

#include "processors/exec/child.hpp"
#include "processors/shortage.hpp"
#include "processors/texts.hpp"

namespace jobqd::processors::exec {

namespace {

using domain::limits::result_bytes;

constexpr std::size_t piece = 64UL * 1024;
/// How many pieces are still read once the program has ended: processes that it left behind may hold its
/// streams and write for ever.
constexpr std::size_t leftover_pieces = 16;
/// How much of standard error is kept: the rest of the limit is for how the program ended.
constexpr std::size_t errors_kept = domain::limits::error_bytes - 64;

/// What the daemon's own environment has under these names is not the job's.
constexpr std::array<std::string_view, 5> names_of_the_job{"JOB_ID", "JOB_QUEUE", "JOB_ATTEMPT",
                                                           "JOB_LEASE_TOKEN", "TRACEPARENT"};

std::vector<std::string> environment_of(const engine::Claim& claim, const std::vector<std::string>& names) {
  std::vector<std::string> all{"JOB_ID=" + claim.id, "JOB_QUEUE=" + claim.queue,
                               fmt::format("JOB_ATTEMPT={}", claim.attempt),
                               fmt::format("JOB_LEASE_TOKEN={}", claim.token)};
  if (!claim.traceparent.empty()) all.push_back("TRACEPARENT=" + claim.traceparent);
  for (const auto& name : names) {
    if (std::ranges::find(names_of_the_job, name) != names_of_the_job.end()) continue;
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): no thread sets any.
    if (value != nullptr) all.push_back(name + "=" + value);
  }
  return all;
}

std::string name_of_signal(int number) {
  const char* name = ::sigabbrev_np(number);
  return name == nullptr ? fmt::to_string(number) : name;
}

std::string description_of(ProgramEnd end) {
  switch (end.kind) {
    case ProgramEnd::Kind::exited:
      return fmt::format("exit code {}", end.number);
    case ProgramEnd::Kind::killed:
      return fmt::format("killed by SIG{}", name_of_signal(end.number));
    case ProgramEnd::Kind::unknown:
      break;
  }
  return "its exit status was lost";
}

/// What wakes a conversation apart from its program.
struct Alarms {
  Descriptor stop{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  Descriptor timer{::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)};
  int error = stop.is_open() && timer.is_open() ? 0 : errno;  ///< Why one of them could not be made.

  /// Wakes the conversation. Any thread.
  void request_stop() const {
    const std::uint64_t one = 1;
    (void)!::write(stop.get(), &one, sizeof one);
  }
};

/// Feeds one program and reads what it writes, until it has ended.
class Conversation {
 public:
  Conversation(Child& child, const Alarms& alarms, std::string input, base::milliseconds kill_after)
      : child_(child), alarms_(alarms), input_(std::move(input)), kill_after_(kill_after) {}

  void run() {
    while (!step()) continue;
    for (auto [stream, text] : {std::pair{&child_.output, &output_}, {&child_.errors, &errors_}})
      for (std::size_t i = 0; i < leftover_pieces && read_piece(*stream, *text); ++i) continue;
  }

  /// Whether the program was asked to stop.
  [[nodiscard]] bool stopped() const { return stopped_; }
  [[nodiscard]] const std::string& output() const { return output_; }
  [[nodiscard]] std::string_view errors() const { return base::last_characters(errors_, errors_kept); }

 private:
  /// Waits for one event and handles it; true once the program has ended.
  bool step() {
    std::array<pollfd, 6> wanted{{{child_.ended(), POLLIN, 0},
                                  {stopped_ ? -1 : alarms_.stop.get(), POLLIN, 0},
                                  {alarms_.timer.get(), POLLIN, 0},
                                  {child_.input.get(), POLLOUT, 0},
                                  {child_.output.get(), POLLIN, 0},
                                  {child_.errors.get(), POLLIN, 0}}};
    if (::poll(wanted.data(), wanted.size(), -1) < 0) return false;
    const auto& [ended, stop, timer, input, output, errors] = wanted;
    if (ended.revents != 0) return true;  // An end counts before a stop that came at the same time.
    if (stop.revents != 0) terminate();
    if (timer.revents != 0) kill();
    if (input.revents != 0) send_input();
    if (output.revents != 0) (void)read_piece(child_.output, output_);
    if (errors.revents != 0) (void)read_piece(child_.errors, errors_);
    return false;
  }

  void terminate() {
    stopped_ = true;
    child_.signal(SIGTERM);
    const auto ns = std::chrono::nanoseconds(kill_after_).count();
    constexpr std::int64_t second = 1'000'000'000;
    const itimerspec once{.it_interval = {},
                          .it_value = {.tv_sec = ns / second, .tv_nsec = std::max<long>(ns % second, 1)}};
    ::timerfd_settime(alarms_.timer.get(), 0, &once, nullptr);
  }

  void kill() {
    std::uint64_t times = 0;
    (void)!::read(alarms_.timer.get(), &times, sizeof times);
    child_.signal(SIGKILL);
  }

  void send_input() {
    const auto left = std::string_view(input_).substr(sent_, piece);
    const auto taken = left.empty() ? 0 : ::write(child_.input.get(), left.data(), left.size());
    if (taken < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (taken > 0) sent_ += static_cast<std::size_t>(taken);
    // The program has read it all, or will read no more.
    if (taken < 0 || sent_ == input_.size()) child_.input.close();
  }

  /// Reads one piece; false where there is none. Keeps the beginning of the output and the end of the errors.
  bool read_piece(Descriptor& stream, std::string& text) {
    if (!stream.is_open()) return false;
    std::array<char, piece> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it.
    const auto got = ::read(stream.get(), buffer.data(), buffer.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (got <= 0) {
      stream.close();
      return false;
    }
    text.append(buffer.data(), static_cast<std::size_t>(got));
    // One byte more than is kept of either shows that something was cut.
    if (&text == &errors_ && text.size() > errors_kept + 1) text.erase(0, text.size() - errors_kept - 1);
    if (&text == &output_ && text.size() > result_bytes + 1) text.resize(result_bytes + 1);
    return true;
  }

  Child& child_;
  const Alarms& alarms_;
  const std::string input_;
  const base::milliseconds kill_after_;
  std::string output_;
  std::string errors_;
  std::size_t sent_ = 0;
  bool stopped_ = false;
};

/// Starts the program, and puts what it is to read into `input`.
std::expected<Child, Child::NotStarted> start(const Options& options, const engine::Claim& claim,
                                              const Alarms& alarms, std::string& input) {
  if (alarms.error != 0)
    return std::unexpected(
        Child::NotStarted{.why = fmt::format("cannot run {}: {}", options.command.front(),
                                             std::generic_category().message(alarms.error)),
                          .shortage = true});
  const auto cpu = std::chrono::ceil<std::chrono::seconds>(options.max_cpu).count();
  try {
    input = text_of(claim.payload);
    return Child::start({.command = options.command,
                         .environment = environment_of(claim, options.env),
                         .working_directory = options.working_directory,
                         .max_memory = options.max_memory,
                         .max_cpu_seconds = static_cast<rlim_t>(cpu)});
  } catch (const std::bad_alloc&) {
    return std::unexpected(Child::NotStarted{
        .why = fmt::format("cannot run {}: out of memory", options.command.front()), .shortage = true});
  }
}

}  // namespace

engine::Outcome Exec::process(const engine::Claim& claim, std::stop_token stop) {
  return unless_memory_runs_out([&] { return attempt(claim, stop); });
}

engine::Outcome Exec::attempt(const engine::Claim& claim, const std::stop_token& stop) {
  // Writing to a program that has ended gives EPIPE, also in a program that does not ignore SIGPIPE.
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);

  const Alarms alarms;
  std::string input;
  auto child = start(options_, claim, alarms, input);
  if (!child && child.error().shortage) return unstarted(std::move(child.error().why));
  if (!child) return engine::Retry{.error = std::move(child.error().why)};
  Conversation conversation(*child, alarms, std::move(input), options_.kill_after);
  {
    const std::stop_callback on_stop(stop, [&alarms] { alarms.request_stop(); });
    conversation.run();
  }
  const auto ending = child->reap();
  if (conversation.stopped()) return engine::Interrupted{};
  return outcome_of(ending, conversation.output(), conversation.errors());
}

engine::Outcome outcome_of(ProgramEnd end, std::string_view output, std::string_view errors) {
  using Kind = ProgramEnd::Kind;
  if (end.kind == Kind::exited && end.number == 0) return engine::Done{.result = std::string(output)};
  auto error = description_of(end);
  if (const auto said = base::without_line_end(errors); !said.empty()) error += fmt::format(": {}", said);
  constexpr std::array for_good{64, 65, 78};  // EX_USAGE, EX_DATAERR, EX_CONFIG
  if (end.kind == Kind::exited && std::ranges::find(for_good, end.number) != for_good.end())
    return engine::Fail{.error = std::move(error)};
  return engine::Retry{.error = std::move(error)};
}

}  // namespace jobqd::processors::exec
