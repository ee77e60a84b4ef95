#include <jobqd/app/run.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <exception>
#include <functional>
#include <new>
#include <optional>
#include <ranges>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <jobqd/base/last_words.hpp>

#include "app/commands/commands.hpp"
#include "app/daemon/app.hpp"
#include "app/daemon/orphans.hpp"
#include "app/daemon/signals.hpp"
#include "app/daemon/stopping.hpp"

namespace jobqd::app {

namespace {

/// How often a stop says what it still waits for.
constexpr base::milliseconds report_period{5'000};

/// Each line of `why` becomes a line of its own.
int fail(int exit_code, std::string_view why) {
  std::string text;
  for (const auto line : std::views::split(why, '\n'))
    text += fmt::format("jobqd: {}\n", std::string_view(line));
  base::write_last_words(text);
  return exit_code;
}

/// Opens /dev/null in place of the standard streams that are closed. Otherwise the store's file or a
/// connection would get their numbers, and lines of the log would be written into it.
bool open_standard_streams() {
  while (true) {
    const int descriptor = ::open("/dev/null", O_RDWR);
    if (descriptor > STDERR_FILENO) ::close(descriptor);
    if (descriptor > STDERR_FILENO || descriptor < 0) return descriptor >= 0;
  }
}

/// Reads the command line, the environment and the CONFIG file again.
using ReadAgain = std::function<std::expected<Command, std::string>()>;

std::expected<Command, std::string> read_if_memory_allows(const ReadAgain& read_again) {
  try {
    return read_again();
  } catch (const std::bad_alloc&) {
    return std::unexpected("out of memory");
  }
}

/// Serves reloads, and the queues that do not work, until a signal asks to stop.
void wait_for_stop(const sigset_t& signals, App& daemon, const ReadAgain& read_again) {
  const bool on_terminal = isatty(STDERR_FILENO) == 1;
  while (true) {
    const int number = next_signal(signals, daemon.tend_queues());
    if (number == SIGTERM || number == SIGINT) return;
    if (number == SIGCHLD) reap_orphans();
    if (number != SIGHUP) continue;
    // The terminal was closed: SIGHUP in its first meaning.
    if (on_terminal && isatty(STDERR_FILENO) == 0) return;
    const auto command = read_if_memory_allows(read_again);
    if (!command)
      daemon.refuse_reload(command.error());
    else if (const auto* wanted = std::get_if<Serve>(&*command))
      daemon.reload(wanted->config);
  }
}

/// Sets signals up, whatever this process was started with, and returns those that the main thread waits for.
/// They are blocked in all threads to come, so that no other thread takes them.
sigset_t prepare_signals() {
  auto signals = signal_set({SIGTERM, SIGINT, SIGHUP});
  if (adopts_orphans()) sigaddset(&signals, SIGCHLD);
  pthread_sigmask(SIG_SETMASK, &signals, nullptr);
  for (const int failing_write : {SIGPIPE, SIGXFSZ}) std::signal(failing_write, SIG_IGN);  // EPIPE, EFBIG
  std::signal(SIGCHLD, SIG_DFL);  // Where it is ignored, which execve() keeps, exit statuses are lost.
  return signals;
}

/// Runs the daemon until a signal stops it. The error is why it could not start; the log is complete then.
std::expected<void, std::string> serve(const Config& config, const ReadAgain& read_again) {
  const auto signals = prepare_signals();
  const base::SystemClock clock;
  Log log(config.log_level, config.log_format, clock);
  std::optional<Stopping> stopping;  // Outlives the daemon, because closing the store is a part of the stop.
  const auto daemon = build(config, clock, log);
  if (!daemon) return std::unexpected(daemon.error());
  (*daemon)->announce();
  // A SIGHUP stays pending until the jobs are restored, as does a SIGCHLD.
  const auto ends = signal_set({SIGTERM, SIGINT});
  const auto restored = (*daemon)->restore([&] {
    if (next_signal(ends, std::chrono::nanoseconds{0}) < 0) return true;
    // The threads that read the file have to end first, and the disk may hang.
    stopping.emplace(log, clock, report_period);
    stopping->waits_for("the file");
    stopping->give_up_at(clock.now().steady + disk_grace);
    return false;
  });
  if (!restored) return std::unexpected(restored.error());
  if (*restored) {
    if (auto serving = (*daemon)->serve(); !serving) return serving;
    wait_for_stop(signals, **daemon, read_again);
  }
  if (!stopping) stopping.emplace(log, clock, report_period);
  (*daemon)->stop(*stopping);
  return {};
}

int answer_or_serve(const Command& command, const ReadAgain& read_again) {
  if (const auto* wanted = std::get_if<Serve>(&command)) {
    const auto served = serve(wanted->config, read_again);
    return served ? 0 : fail(1, served.error());
  }
  const auto answered = answer(command);
  if (!answered) return fail(1, answered.error());
  fmt::print("{}", answered->text);
  return answered->exit_code;
}

/// The kinds of jobqd and these.
std::vector<processors::ProcessorKind> all_kinds(std::vector<processors::ProcessorKind> more) {
  const auto built_in = processors::built_in_kinds();
  std::vector<processors::ProcessorKind> kinds(built_in.begin(), built_in.end());
  for (auto& kind : more) {
    const auto same = std::ranges::find(kinds, kind.name, &processors::ProcessorKind::name);
    if (same == kinds.end())
      kinds.push_back(std::move(kind));
    else
      *same = std::move(kind);
  }
  return kinds;
}

/// An exception that nothing has caught, on any thread: what it left behind is unknown, so this ends the
/// process.
[[noreturn]] void end_on_exception() {
  try {
    if (const auto exception = std::current_exception()) std::rethrow_exception(exception);
  } catch (const std::bad_alloc&) {
    base::end_process("jobqd: out of memory; ending\n");
  } catch (const std::exception& error) {
    base::write_last_words("jobqd: ");
    base::write_last_words(error.what());
    base::end_process("; ending\n");
  } catch (...) {
    base::end_process("jobqd: an unknown exception; ending\n");
  }
  base::end_process("jobqd: ended by std::terminate()\n");
}

}  // namespace

int run(int argc, const char* const* argv, std::vector<processors::ProcessorKind> more) {
  std::set_terminate(end_on_exception);
  try {
    if (!open_standard_streams()) return 1;
    const auto kinds = all_kinds(std::move(more));
    const auto read = [&] {
      return read_command({argv, static_cast<std::size_t>(argc)}, process_environment, kinds);
    };
    const auto command = read();
    return command ? answer_or_serve(*command, read) : fail(2, command.error());
  } catch (const std::exception& error) {
    return fail(1, error.what());
  }
}

}  // namespace jobqd::app
