#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include <jobqd/base/clock.hpp>

#include "app/logging/line_queue.hpp"

namespace jobqd::app {

/// Writes lines to a file descriptor from a thread of its own, so that a pipe that is not read, a stopped
/// terminal or a full disk holds up no other thread.
///
/// push() and drain() are thread-safe. The order is kept; a line that is written is whole. What cannot be
/// written (the queue is full, or the descriptor reports an error) is dropped and counted, and a line with
/// the number of dropped lines takes its place once lines can be written again.
/// The destructor drains. A thread that hangs in write() even then is left behind: it holds what it uses.
class LineWriter {
 public:
  /// Makes the line that stands for `missing` dropped lines, the last of which was of `time`. Runs on the
  /// writer's thread, and must not refer to anything that may end before the process.
  using GapLine = std::function<std::string(base::WallTime time, std::size_t missing)>;

  struct Options {
    int descriptor;
    std::size_t max_bytes = 4UL * 1024 * 1024;  ///< What waits to be written, about.
    base::milliseconds drain{1'000};            ///< The longest that drain() takes.
    GapLine gap_line;
  };

  /// `clock` outlives the writer.
  LineWriter(Options options, const base::Clock& clock);
  ~LineWriter();

  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  /// Queues a line, which has no line end. Never waits for the descriptor.
  void push(LineRank rank, base::WallTime time, std::string line);

  /// Waits until all lines pushed before are written or dropped. When half of Options::drain is over, only
  /// the admin lines are still waited for. false: even those were not written in time.
  bool drain();

 private:
  struct Shared;
  static void run(Shared& shared);

  const base::milliseconds drain_;
  const base::Clock& clock_;
  const std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace jobqd::app
