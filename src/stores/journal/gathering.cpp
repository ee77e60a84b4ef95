#include "stores/journal/gathering.hpp"

#include <iterator>
#include <string>
#include <utility>

namespace jobqd::stores::journal {

Journal::BatchNumber Gathering::insert(std::span<JobRow> rows, Journal::Durable done) {
  const base::MutexLock lock(mutex_);
  wake_ = true;
  changes_.inserts.insert(changes_.inserts.end(), std::make_move_iterator(rows.begin()),
                          std::make_move_iterator(rows.end()));
  waiting_.push_back(std::move(done));
  return number_;
}

Journal::BatchNumber Gathering::update(ProgressRow row) {
  const base::MutexLock lock(mutex_);
  note_change();
  changes_.update(std::move(row));
  note_backlog();
  return number_;
}

void Gathering::erase(std::uint64_t number) {
  const base::MutexLock lock(mutex_);
  note_change();
  changes_.erasures.push_back(number);
  note_backlog();
}

void Gathering::set_paused(std::string_view queue, bool paused) {
  const base::MutexLock lock(mutex_);
  note_change();
  changes_.pauses.insert_or_assign(std::string(queue), paused);
}

void Gathering::when_durable(Journal::Durable done) {
  const base::MutexLock lock(mutex_);
  wake_ = true;
  waiting_.push_back(std::move(done));
}

void Gathering::note_backlog() {
  const auto most = waiting_.empty() ? limits_.changes : limits_.changes_while_waited_for;
  if (changes_.updates.size() + changes_.erasures.size() >= most || changes_.ending_bytes >= limits_.bytes)
    behind_.store(true, std::memory_order_release);
}

bool Gathering::catch_up() {
  const base::MutexLock lock(mutex_);
  behind_.store(false, std::memory_order_release);
  note_backlog();
  return !is_behind();
}

void Gathering::flush() {
  {
    const base::MutexLock lock(mutex_);
    if (!wake_ || committer_ == std::this_thread::get_id()) return;
    wake_ = false;
  }
  work_.notify_one();
}

void Gathering::set_committer(std::thread::id committer) {
  const base::MutexLock lock(mutex_);
  committer_ = committer;
}

std::optional<CommitPolicy::Choice> Gathering::choose(base::SteadyTime now) const {
  const base::MutexLock lock(mutex_);
  if (!wake_) return std::nullopt;
  return policy_.choose({.changes = changes_.size(), .waiting = waiting_.size()}, now);
}

void Gathering::committed(std::size_t waiting, CommitPolicy::Duration took, base::SteadyTime now) {
  const base::MutexLock lock(mutex_);
  policy_.committed(waiting, took, now);
}

void Gathering::hand_over() {
  {
    const base::MutexLock lock(mutex_);
    if (!std::exchange(wake_, false)) return;
  }
  work_.notify_one();
}

void Gathering::wake() {
  {
    const base::MutexLock lock(mutex_);
    called_ = true;
  }
  work_.notify_one();
}

void Gathering::wait(base::milliseconds soon) {
  const base::MutexLock lock(mutex_);
  const auto urgent = [this]() JOBQD_REQUIRES(mutex_) { return is_urgent(); };
  work_.wait(mutex_, [this]() JOBQD_REQUIRES(mutex_) { return is_urgent() || !changes_.empty(); });
  if (!is_urgent()) work_.wait_for(mutex_, soon, urgent);
  called_ = false;
}

void Gathering::wait_in_trouble(base::milliseconds delay, Until until) {
  const base::MutexLock lock(mutex_);
  work_.wait_for(mutex_, delay, [this, until]() JOBQD_REQUIRES(mutex_) {
    return stopped_ || (until == Until::removal && !waiting_.empty() && !changes_.erasures.empty());
  });
}

Batch Gathering::take() {
  const base::MutexLock lock(mutex_);
  wake_ = false;
  return {.number = number_++,
          .changes = std::exchange(changes_, {}),
          .waiting = std::exchange(waiting_, {}),
          .last = stopped_};
}

void Gathering::put_back(Changes refused) {
  const base::MutexLock lock(mutex_);
  changes_.put_back(std::move(refused));
  note_backlog();
}

void Gathering::stop() {
  {
    const base::MutexLock lock(mutex_);
    stopped_ = true;
  }
  work_.notify_all();
}

bool Gathering::empty() const {
  const base::MutexLock lock(mutex_);
  return is_empty();
}

}  // namespace jobqd::stores::journal
