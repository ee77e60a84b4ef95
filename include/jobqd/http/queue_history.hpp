#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <jobqd/base/clock.hpp>

namespace jobqd::http {

/// What happened to the jobs of a queue in an interval, and how many there were at its end. A figure that
/// does not fit is the largest that does.
struct HistoryPoint {
  std::uint32_t enqueued = 0;
  std::uint32_t started = 0;  ///< Attempts. One that never began does not count.
  std::uint32_t done = 0;
  std::uint32_t failed = 0;  ///< Failed attempts, whether or not they were the last.
  std::uint32_t ready = 0;   ///< At the end: queued jobs that are due, whatever they wait for.
  std::uint32_t running = 0;
  /// At the end, in milliseconds: how long the first job that could start, or lacks only a remote worker, has
  /// been due.
  std::uint32_t oldest_ready = 0;

  bool operator==(const HistoryPoint&) const = default;
};

/// Points of equal intervals, oldest first. Empty: nobody looked then, or it is too long ago.
using HistoryPoints = std::vector<std::optional<HistoryPoint>>;

/// How an interval of the past is divided.
struct HistorySpan {
  std::chrono::seconds step{0};  ///< 10 or more, in steps of 5, up to an hour back; 300, up to a day.
  std::size_t points = 0;
};

/// Where history points are in time.
struct Timeline {
  std::chrono::seconds step{0};
  base::WallTime until{};  ///< The end of the last point.
  base::WallTime since{};  ///< How far back anything is known, of whatever queue.
};

enum class QueueSort : std::uint8_t {
  name,    ///< From a to z, by bytes.
  ready,   ///< Those with the most jobs that are due come first,
  failed,  ///< with the most failed jobs,
  oldest,  ///< whose first job has been due for the longest time. Equal ones come by name.
};

/// A place between two queues in an order: behind the one that has this key and this name.
struct QueuePosition {
  std::uint64_t key = 0;  ///< By which they are sorted; 0 where that is the name. `oldest`: in milliseconds.
  std::string name = {};
};

struct QueuePageQuery {
  QueueSort sort = QueueSort::name;
  std::string prefix = {};                  ///< Only queues whose names begin so.
  std::size_t limit = 50;                   ///< 1 or more.
  std::optional<QueuePosition> after = {};  ///< Empty: from the first.
  std::optional<HistorySpan> history = {};  ///< Empty: none is wanted.
};

struct QueueRow {
  std::string name;
  HistoryPoints points = {};  ///< Empty if none are wanted.
};

struct QueuePage {
  std::vector<QueueRow> rows = {};
  std::optional<QueuePosition> next = {};  ///< Where to go on; empty: this is the last page.
  Timeline timeline = {};                  ///< Means nothing without points.
};

/// The queues in some order and what happened to their jobs in the past, kept by another part of the daemon.
/// It outlives the server, and answers every call, in the end.
class QueueHistory {
 public:
  /// Null: there was no memory for it.
  using Done = std::move_only_function<void(std::unique_ptr<const QueuePage>)>;

  virtual ~QueueHistory() = default;

  /// Calls `done` with a page of one row, also if no such queue is known: at once, or later on another
  /// thread. Must not block.
  virtual void read_queue(std::string name, HistorySpan span, Done done) = 0;

  /// Calls `done` with the page; the figures by which it is sorted are at most a second old. As read_queue().
  virtual void read_page(QueuePageQuery query, Done done) = 0;
};

}  // namespace jobqd::http
