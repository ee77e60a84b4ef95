#include <csignal>
#include <exception>

#include <fmt/format.h>
#include <unistd.h>

#include <jobqd/app/app.hpp>
#include <jobqd/app/commands.hpp>
#include <jobqd/app/config.hpp>

namespace {

using namespace jobqd;

int fail(int exit_code, const std::string& why) {
  fmt::print(stderr, "jobqd: {}\n", why);
  return exit_code;
}

int serve(const app::Config& config) {
  sigset_t stop_signals;  // Blocked in every thread to come: only this one takes them, in sigwait().
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);
  for (const int failing_write : {SIGPIPE, SIGXFSZ}) std::signal(failing_write, SIG_IGN);  // EPIPE, EFBIG

  const domain::SystemClock clock;
  app::Log log(config.log_level, config.log_format, clock);
  const auto daemon = app::build(config, clock, log);
  if (!daemon) return fail(1, daemon.error());
  if (const auto started = (*daemon)->start(); !started) return fail(1, started.error());

  while (sigwaitinfo(&stop_signals, nullptr) < 0) continue;
  // A second signal ends it at once. Not by default action: the first process of a container has none.
  for (const int again : {SIGTERM, SIGINT}) std::signal(again, [](int number) { _exit(128 + number); });
  pthread_sigmask(SIG_UNBLOCK, &stop_signals, nullptr);
  (*daemon)->stop();
  return 0;
}

int run(int argc, char** argv) {
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
