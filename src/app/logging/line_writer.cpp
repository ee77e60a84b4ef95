#include "app/logging/line_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <poll.h>
#include <unistd.h>

#include <jobqd/base/mutex.hpp>
#include <jobqd/base/thread_name.hpp>

namespace jobqd::app {

namespace {

/// Blocks as long as the descriptor does. Returns how much was written: less than all after an error.
std::size_t write_all(int descriptor, std::string_view text) {
  std::size_t written = 0;
  while (written < text.size()) {
    const auto count = ::write(descriptor, text.data() + written, text.size() - written);
    if (count > 0) {
      written += static_cast<std::size_t>(count);
    } else if (count < 0 &&
               errno == EAGAIN) {  // Another program shares the descriptor and made it non-blocking.
      pollfd until{.fd = descriptor, .events = POLLOUT, .revents = 0};
      ::poll(&until, 1, -1);
    } else if (count == 0 || errno != EINTR) {
      break;
    }
  }
  return written;
}

/// A pipe takes this much in one piece, so that the lines of other processes do not come in between. What is
/// kept back is for a line that stands for a gap.
constexpr std::size_t piece_size = PIPE_BUF - 256;

/// Lines that are written with one call.
class Piece {
 public:
  std::vector<QueuedLine> lines;

  void write(const LineWriter::Options& options) {
    text_.assign(torn_ ? "\n" : "");
    const auto begin = text_.size();
    for (const auto& line : lines) {
      text_ += line.missing > 0 ? options.gap_line(line.time, line.missing) : line.text;
      text_ += '\n';
      ends_.push_back(text_.size());
    }
    const auto written = write_all(options.descriptor, text_);
    written_ = static_cast<std::size_t>(std::ranges::upper_bound(ends_, written) - ends_.begin());
    if (written > 0) torn_ = written != (written_ == 0 ? begin : ends_[written_ - 1]);
  }

  /// What write() could not write.
  [[nodiscard]] std::span<const QueuedLine> unwritten() const { return std::span(lines).subspan(written_); }

  void clear() {
    lines.clear();
    ends_.clear();
    written_ = 0;
  }

 private:
  std::string text_;
  std::vector<std::size_t> ends_;  // Of each line, in text_.
  std::size_t written_ = 0;        // So many lines.
  bool torn_ = false;              // The last that was written is a part of a line.
};

}  // namespace

struct LineWriter::Shared {
  explicit Shared(Options given) : options(std::move(given)), queue(options.max_bytes) {}

  /// Whether every line up to `number` was written or dropped.
  [[nodiscard]] bool is_past(std::uint64_t number) const JOBQD_REQUIRES(mutex) {
    return (!writing || *writing > number) && queue.next_number() > number;
  }

  const Options options;
  base::Mutex mutex;
  base::ConditionVariable work;      ///< For the writer's thread: there are lines, or it is to end.
  base::ConditionVariable progress;  ///< For drain() and the destructor.
  LineQueue queue JOBQD_GUARDED_BY(mutex);
  std::optional<std::uint64_t> writing JOBQD_GUARDED_BY(mutex);  ///< The first line of those being written.
  bool closing JOBQD_GUARDED_BY(mutex) = false;
  bool ended JOBQD_GUARDED_BY(mutex) = false;
};

LineWriter::LineWriter(Options options, const base::Clock& clock)
    : drain_(options.drain),
      clock_(clock),
      shared_(std::make_shared<Shared>(std::move(options))),
      thread_([shared = shared_] { run(*shared); }) {}

LineWriter::~LineWriter() {
  const auto deadline = clock_.now().steady + drain_;
  drain();
  bool ended = false;
  {
    const base::MutexLock lock(shared_->mutex);
    shared_->closing = true;
    shared_->work.notify_one();
    ended = shared_->progress.wait_until(shared_->mutex, deadline,
                                         [&]() JOBQD_REQUIRES(shared_->mutex) { return shared_->ended; });
  }
  if (ended)
    thread_.join();
  else
    thread_.detach();
}

void LineWriter::push(LineRank rank, base::WallTime time, std::string line) {
  const base::MutexLock lock(shared_->mutex);
  shared_->queue.push(rank, time, std::move(line));
  shared_->work.notify_one();
}

bool LineWriter::drain() {
  const auto now = clock_.now().steady;
  const base::MutexLock lock(shared_->mutex);
  const auto last = shared_->queue.last_pushed();
  const auto past = [&]() JOBQD_REQUIRES(shared_->mutex) { return shared_->is_past(last); };
  if (shared_->progress.wait_until(shared_->mutex, now + drain_ / 2, past)) return true;
  shared_->queue.drop_ordinary();
  return shared_->progress.wait_until(shared_->mutex, now + drain_, past);
}

void LineWriter::run(Shared& shared) {
  base::name_this_thread("log");
  // Signals are for the main thread, and SIGPIPE would end the process when the reader of the log has gone.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);

  Piece piece;
  while (true) {
    {
      const base::MutexLock lock(shared.mutex);
      for (const auto& line : piece.unwritten()) shared.queue.lose(line);
      piece.clear();
      shared.writing.reset();
      shared.progress.notify_all();
      shared.work.wait(shared.mutex, [&]() JOBQD_REQUIRES(shared.mutex) {
        return shared.closing || !shared.queue.empty();
      });
      if (shared.closing) {
        shared.ended = true;
        shared.progress.notify_all();
        return;
      }
      shared.queue.take(piece_size, piece.lines);
      shared.writing = piece.lines.front().number;
    }
    piece.write(shared.options);
  }
}

}  // namespace jobqd::app
