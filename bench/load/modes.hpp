#pragma once

#include <cstdint>
#include <string>

#include "protocol.hpp"

/// The modes of the load generator. Each returns one line of JSON, and throws a std::exception on failure.
namespace bench {

struct Target {
  std::string protocol;
  std::uint16_t port = 0;
  std::size_t connections = 1;
  JobShape shape;
};

/// Every connection has one request under way, always: for `seconds`, or until `count` jobs are in if that
/// is not 0.
std::string enqueue(const Target& target, double seconds, std::size_t count);

/// `rate` requests a second are due, whatever the server makes of them; `workers` connections take the jobs
/// at the same time. Latencies count from when a request was due. `behind_ms`: how much longer the workers
/// took, 10 s at most.
std::string paced(const Target& target, double seconds, double rate, std::size_t workers);

/// The connections take jobs out until `count` are out or `seconds` are over.
std::string drain(const Target& target, double seconds, std::size_t count);

/// One job at a time: from sending it until a second connection has it. If `log` names a pipe, there is no
/// second connection: the job is over once a line that contains `mark` comes out of the pipe.
std::string latency(const Target& target, std::size_t count, const std::string& log, const std::string& mark);

/// Opens the connections, uses each once, says so in its line, and keeps them until standard input ends.
void idle(const Target& target);

/// 4 KiB written and fdatasync'ed, again and again: over the same 4 MiB, as a write-ahead log is, and
/// appended.
std::string fdatasync_limit(const std::string& folder, double seconds);

/// SQLite alone: rows like those of a job, `batch` a transaction, synced.
std::string sqlite_limit(const std::string& folder, double seconds, std::size_t batch);

}  // namespace bench
