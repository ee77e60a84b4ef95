#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include <jobqd/base/clock.hpp>

namespace jobqd::app {

/// Which lines are dropped first when the queue is full.
enum class LineRank : std::uint8_t {
  ordinary,  ///< First: what happens to single jobs, which can be any number of lines.
  admin,     ///< Last: the life of the daemon, its configuration and its store.
};

/// What comes out of a LineQueue: a line, or a gap where lines were dropped.
struct QueuedLine {
  std::uint64_t number = 0;  ///< Grows with every line pushed. Of a gap: the last line that is missing.
  base::WallTime time{};     ///< Of a gap: the time of the last line that is missing.
  std::string text;          ///< Empty for a gap.
  std::size_t missing = 0;   ///< Of a gap: the number of lines; 0 for a line.
};

/// Lines that wait to be written, in the order in which they came.
///
/// Bounded in bytes. When it is full, the oldest ordinary line is dropped and counted, and the oldest admin
/// line only when there is no ordinary one. The gap comes out in place of what is missing, before the next
/// line. Not thread-safe; the writer guards it.
class LineQueue {
 public:
  /// What a line costs besides its text, roughly.
  static constexpr std::size_t overhead = 128;

  explicit LineQueue(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  void push(LineRank rank, base::WallTime time, std::string text);

  /// Moves the next lines to the end of `out`: at least one, and as many more as keep their texts, each with
  /// a line end, within `max_bytes`. Empty queue: nothing, also where lines are missing.
  void take(std::size_t max_bytes, std::vector<QueuedLine>& out);

  /// Counts a line or a gap that was taken and could not be written as missing.
  void lose(const QueuedLine& line);

  void drop_ordinary();

  [[nodiscard]] bool empty() const { return ordinary_.empty() && admin_.empty(); }
  /// The number of the line that comes out next; of an empty queue, of the line that is pushed next.
  [[nodiscard]] std::uint64_t next_number() const;
  /// The number of the line that was pushed last; 0: none yet.
  [[nodiscard]] std::uint64_t last_pushed() const { return pushed_; }

 private:
  std::deque<QueuedLine>& next_rank();
  void drop_oldest(std::deque<QueuedLine>& rank);
  static std::size_t cost(const QueuedLine& line) { return line.text.size() + overhead; }

  const std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  std::uint64_t pushed_ = 0;
  std::deque<QueuedLine> ordinary_;
  std::deque<QueuedLine> admin_;
  QueuedLine gap_;
};

}  // namespace jobqd::app
