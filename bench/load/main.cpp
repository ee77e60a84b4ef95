// The load generator of the benchmark: one thread, one line of JSON on standard output.

#include <csignal>
#include <cstdio>
#include <exception>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "modes.hpp"

namespace {

struct Options {
  bench::Target target;
  double seconds = 1;
  std::size_t count = 0;
  double rate = 1000;
  std::size_t workers = 0;
  std::string log;
  std::string mark;
  std::string folder = ".";
};

void add_target(CLI::App* mode, Options& options) {
  mode->add_option("--protocol", options.target.protocol, "http, beanstalkd, gearman, redis or nats")
      ->required();
  mode->add_option("--port", options.target.port)->required();
  mode->add_option("--connections", options.target.connections);
  mode->add_option("--batch", options.target.shape.batch, "jobs a request");
  mode->add_option("--payload", options.target.shape.payload_bytes, "bytes")->check(CLI::Range(2, 1'000'000));
  mode->add_option("--delay", options.target.shape.delay, "seconds");
  mode->add_option("--run-at", options.target.shape.run_at, "RFC 3339");
}

std::string run(const CLI::App& cli, const Options& options) {
  const auto& [target, seconds, count, rate, workers, log, mark, folder] = options;
  const auto& mode = cli.get_subcommands().front()->get_name();
  if (mode == "enqueue") return bench::enqueue(target, seconds, count);
  if (mode == "paced") return bench::paced(target, seconds, rate, workers);
  if (mode == "drain") return bench::drain(target, seconds, count);
  if (mode == "latency") return bench::latency(target, count, log, mark);
  if (mode == "fdatasync") return bench::fdatasync_limit(folder, seconds);
  if (mode == "sqlite") return bench::sqlite_limit(folder, seconds, target.shape.batch);
  bench::idle(target);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App cli("Loads a queue on this machine and says how it went.", "jobqd_load");
  cli.require_subcommand(1);
  for (const auto* name : {"enqueue", "paced", "drain", "latency", "idle"})
    add_target(cli.add_subcommand(name), options);
  for (const auto* name : {"fdatasync", "sqlite"})
    cli.add_subcommand(name)->add_option("--folder", options.folder);
  for (const auto* name : {"enqueue", "paced", "drain", "fdatasync", "sqlite"})
    cli.get_subcommand(name)->add_option("--seconds", options.seconds);
  for (const auto* name : {"enqueue", "drain", "latency"})
    cli.get_subcommand(name)->add_option("--count", options.count, "jobs");
  cli.get_subcommand("paced")->add_option("--rate", options.rate, "requests a second");
  cli.get_subcommand("paced")->add_option("--workers", options.workers, "connections that take jobs");
  cli.get_subcommand("latency")->add_option("--log", options.log, "a pipe that the server writes its log to");
  cli.get_subcommand("latency")->add_option("--mark", options.mark,
                                            "what a line contains once a job is over");
  cli.get_subcommand("sqlite")->add_option("--batch", options.target.shape.batch, "rows a transaction");
  CLI11_PARSE(cli, argc, argv);

  std::signal(SIGPIPE, SIG_IGN);
  try {
    if (const auto line = run(cli, options); !line.empty()) fmt::print("{}\n", line);
  } catch (const std::exception& error) {
    fmt::print(stderr, "jobqd_load: {}\n", error.what());
    return 1;
  }
  return 0;
}
