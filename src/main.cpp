#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <unistd.h>
#include <variant>

#include <fmt/format.h>

#include <jobqd/app/app.hpp>
#include <jobqd/app/commands.hpp>
#include <jobqd/app/config.hpp>

namespace {

int fail(int exit_code, const std::string& why) {
  fmt::print(stderr, "jobqd: {}\n", why);
  return exit_code;
}

int serve(const jobqd::app::Config& config) {
  using namespace jobqd;
  // Blocked here and so in every thread to come: only this one takes them, in sigwait().
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  const domain::SystemClock clock;
  app::Log log(config.log_level, config.log_format, clock);
  const auto daemon = app::build(config, clock, log);
  if (!daemon) return fail(1, daemon.error());
  if (const auto started = (*daemon)->start(); !started) return fail(1, started.error());

  int signal = 0;
  sigwait(&stop_signals, &signal);
  // A second signal ends it at once. Not by default action: the first process of a container has none.
  std::signal(SIGTERM, [](int number) { _exit(128 + number); });
  std::signal(SIGINT, [](int number) { _exit(128 + number); });
  pthread_sigmask(SIG_UNBLOCK, &stop_signals, nullptr);
  (*daemon)->stop();
  return 0;
}

int run(int argc, char** argv) {
  using namespace jobqd;
  const auto command = app::read_command({argv, static_cast<std::size_t>(argc)}, app::process_environment);
  if (!command) return fail(2, command.error());
  if (const auto* serve_command = std::get_if<app::Serve>(&*command)) return serve(serve_command->config);
  const auto answer = app::answer(*command);
  if (!answer) return fail(1, answer.error());
  fmt::print("{}", answer->text);
  return answer->exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    return fail(1, error.what());
  }
}
