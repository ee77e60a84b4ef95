#include <jobqd/app/run.hpp>

#include <csignal>
#include <exception>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include <jobqd/app/app.hpp>
#include <jobqd/app/commands.hpp>

namespace jobqd::app {

namespace {

int fail(int exit_code, const std::string& why) {
  fmt::print(stderr, "jobqd: {}\n", why);
  return exit_code;
}

int serve(const Config& config, const ProcessorFactories& more) {
  sigset_t stop_signals;  // Blocked in every thread to come: only this one takes them, in sigwait().
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);
  for (const int failing_write : {SIGPIPE, SIGXFSZ}) std::signal(failing_write, SIG_IGN);  // EPIPE, EFBIG

  const domain::SystemClock clock;
  Log log(config.log_level, config.log_format, clock);
  const auto daemon = build(config, clock, log, more);
  if (!daemon) return fail(1, daemon.error());
  if (const auto started = (*daemon)->start(); !started) return fail(1, started.error());

  while (sigwaitinfo(&stop_signals, nullptr) < 0) continue;
  // A second signal ends it at once. Not by default action: the first process of a container has none.
  for (const int again : {SIGTERM, SIGINT}) std::signal(again, [](int number) { _exit(128 + number); });
  pthread_sigmask(SIG_UNBLOCK, &stop_signals, nullptr);
  (*daemon)->stop();
  return 0;
}

int answer_or_serve(const Command& command, const ProcessorFactories& more) {
  if (const auto* serve_command = std::get_if<Serve>(&command)) return serve(serve_command->config, more);
  const auto answered = answer(command);
  if (!answered) return fail(1, answered.error());
  fmt::print("{}", answered->text);
  return answered->exit_code;
}

}  // namespace

int run(int argc, const char* const* argv, const ProcessorFactories& more) {
  try {
    std::vector<std::string> names;
    for (const auto& [name, factory] : more) names.push_back(name);
    const auto command = read_command({argv, static_cast<std::size_t>(argc)}, process_environment, names);
    return command ? answer_or_serve(*command, more) : fail(2, command.error());
  } catch (const std::exception& error) {
    return fail(1, error.what());
  }
}

}  // namespace jobqd::app
