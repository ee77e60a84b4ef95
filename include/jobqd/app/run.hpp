#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include <jobqd/app/config.hpp>
#include <jobqd/engine/processor.hpp>

namespace jobqd::app {

/// Makes the processor of a queue, once for each queue that asks for it.
using ProcessorFactory = std::function<std::unique_ptr<engine::Processor>(const QueueConfig&)>;

/// Processors besides those that jobqd has, by the name that `processor = "NAME"` in the CONFIG file gives.
using ProcessorFactories = std::map<std::string, ProcessorFactory, std::less<>>;

/// All that the program jobqd does, with `more` processors: reads command line, environment and CONFIG file,
/// serves until SIGTERM or SIGINT, reads all that again on SIGHUP, and returns the exit code. Call it from
/// main(), before there are other threads: it blocks those signals in all threads to come, and ignores
/// SIGPIPE and SIGXFSZ.
[[nodiscard]] int run(int argc, const char* const* argv, const ProcessorFactories& more = {});

}  // namespace jobqd::app
