#include "stores/reading.hpp"

#include <utility>

#include <jobqd/base/thread_name.hpp>

namespace jobqd::stores {

namespace {

/// How many batches may be ahead of the thread that takes them in.
constexpr std::size_t batches_ahead = 16;

/// How often a check that has to end is interrupted: an interruption that comes between two statements has no
/// effect.
constexpr base::milliseconds interrupt_again{10};

}  // namespace

Reading::Reading(sqlite::JournalFile& file, sqlite::PageCheck check)
    : file_(file),
      check_(std::move(check)),
      reader_([this](const std::stop_token& stop) { read(stop); }),
      checker_([this] { this->check(); }) {}

Reading::~Reading() {
  reader_.request_stop();
  while (true) {
    const base::MutexLock lock(mutex_);
    const auto ended = [this]() JOBQD_REQUIRES(mutex_) { return checked_.has_value(); };
    check_.interrupt();
    if (news_.wait_for(mutex_, interrupt_again, ended)) break;
  }
}

std::expected<Reading::Step, std::string> Reading::next(base::milliseconds longest) {
  const base::MutexLock lock(mutex_);
  const auto is_damaged = [this]() JOBQD_REQUIRES(mutex_) { return checked_ && !*checked_; };
  const auto both_ended = [this]() JOBQD_REQUIRES(mutex_) { return read_ && checked_; };
  news_.wait_for(mutex_, longest,
                 [&]() JOBQD_REQUIRES(mutex_) { return !batches_.empty() || is_damaged() || both_ended(); });
  if (is_damaged()) return std::unexpected(checked_->error());
  Step step;
  if (!batches_.empty()) {
    step.jobs = std::move(batches_.front());
    batches_.pop_front();
    room_.notify_one();
  } else if (both_ended()) {
    if (!*read_) return std::unexpected(read_->error());
    step.complete = true;
  }
  return step;
}

void Reading::read(const std::stop_token& stop) {
  base::name_this_thread("restore");
  auto read = file_.replay([&](sqlite::JournalFile::Batch&& batch) {
    const base::MutexLock lock(mutex_);
    const auto has_room = [this]() JOBQD_REQUIRES(mutex_) { return batches_.size() < batches_ahead; };
    if (!room_.wait(mutex_, stop, has_room) || stop.stop_requested()) return false;
    batches_.push_back(std::move(batch));
    news_.notify_one();
    return true;
  });
  const base::MutexLock lock(mutex_);
  read_ = std::move(read);
  news_.notify_one();
}

void Reading::check() {
  base::name_this_thread("check");
  jobs_.store(check_.count_jobs(), std::memory_order_relaxed);
  auto checked = check_.run();
  const base::MutexLock lock(mutex_);
  checked_ = std::move(checked);
  news_.notify_one();
}

}  // namespace jobqd::stores
