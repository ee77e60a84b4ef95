#include "stores/journal/batching_journal.hpp"

#include <utility>

#include <jobqd/base/check.hpp>
#include <jobqd/base/thread_name.hpp>

namespace jobqd::stores::journal {

BatchingJournal::BatchingJournal(Options options, const base::Clock& clock, engine::Observer& observer,
                                 std::unique_ptr<BatchWriter> writer)
    : options_(options),
      clock_(clock),
      observer_(observer),
      writer_(std::move(writer)),
      gathering_(options.limits) {}

BatchingJournal::~BatchingJournal() {
  // Before the last batch, whose answers may still ask for payloads.
  if (reader_) reader_->stop();
  gathering_.stop();
  if (thread_.joinable()) thread_.join();
}

void BatchingJournal::start(std::unique_ptr<PayloadSource> payloads) {
  if (thread_.joinable()) return;
  if (payloads) reader_ = std::make_unique<PayloadReader>(std::move(payloads), observer_);
  thread_ = std::jthread([this] { run(); });
  tending_due_.store(false);
}

Journal::BatchNumber BatchingJournal::insert(std::span<JobRow> rows, Durable done) {
  return gathering_.insert(rows, std::move(done));
}

Journal::BatchNumber BatchingJournal::update(ProgressRow row) {
  return gathering_.update(std::move(row));
}

void BatchingJournal::erase(std::uint64_t number) {
  gathering_.erase(number);
}

void BatchingJournal::set_paused(std::string_view queue, bool paused) {
  gathering_.set_paused(queue, paused);
}

void BatchingJournal::when_durable(Durable done) {
  gathering_.when_durable(std::move(done));
}

void BatchingJournal::flush() {
  gathering_.flush();
}

void BatchingJournal::read_payloads(std::vector<std::uint64_t> numbers, PayloadsRead done) {
  JOBQD_CHECK(reader_ != nullptr);
  reader_->read(std::move(numbers), std::move(done));
}

void BatchingJournal::set_committer(std::thread::id committer) {
  gathering_.set_committer(committer);
  if (committer == std::thread::id()) gathering_.hand_over();
}

engine::CommitStep BatchingJournal::next_commit() {
  using Choice = CommitPolicy::Choice;
  const auto choice = gathering_.choose(clock_.now().steady);
  if (!choice) return engine::CommitStep::none;
  const bool can = !tending_due_.load() && !trouble_.exists();
  if (can && choice == Choice::here) return engine::CommitStep::now;
  if (can && choice == Choice::wait) return engine::CommitStep::soon;
  gathering_.hand_over();
  return engine::CommitStep::none;
}

void BatchingJournal::commit() {
  if (!writing_.try_lock()) return gathering_.hand_over();
  const bool settled = settle(gathering_.take());
  const bool due = settled && writer_->needs_tending();
  tending_due_.store(due);
  writing_.unlock();
  if (due || !settled) gathering_.wake();
}

void BatchingJournal::run() {
  base::name_this_thread("journal");
  while (true) {
    wait();
    const base::MutexLock writing(writing_);
    auto batch = gathering_.take();
    const bool last = batch.last;
    if (settle(std::move(batch))) tend();
    // While one batch was written, the next may have gathered. In trouble one last try has to do.
    if (last && (trouble_.exists() || gathering_.empty())) return;
  }
}

void BatchingJournal::wait() {
  if (!trouble_.exists()) gathering_.wait(options_.soon);
  // It may have begun meanwhile, with a commit of the committer.
  if (trouble_.exists())
    gathering_.wait_in_trouble(options_.try_again,
                               takes_removals() ? Gathering::Until::removal : Gathering::Until::nothing);
}

void BatchingJournal::tend() {
  if (writer_->needs_tending())
    if (const auto tended = writer_->tend(); !tended) note(tended.error());
  tending_due_.store(false);
}

bool BatchingJournal::settle(Batch batch) {
  const bool probe = trouble_.exists();
  const bool writes = probe || !batch.changes.empty();
  if (!probe) catch_up();  // The next batch gathers while this one is written.
  engine::Commit commit{.changes = batch.changes.size()};
  if (writes) {
    const auto begin = clock_.now().steady;
    const auto written = writer_->write(batch.changes, probe);
    commit.duration = clock_.now().steady - begin;
    if (!written) {
      refuse(std::move(batch), written.error());
      return false;
    }
  }
  durable_.store(batch.number, std::memory_order_release);
  if (probe && writer_->has_recovered()) set_trouble({});
  if (probe) catch_up();
  if (writes) observer_.batch_committed(commit);
  for (auto& done : batch.waiting) done({});
  if (writes) gathering_.committed(batch.waiting.size(), commit.duration, clock_.now().steady);
  return true;
}

void BatchingJournal::refuse(Batch batch, const WriteFailure& failure) {
  gathering_.put_back(std::move(batch.changes));
  note(failure);
  for (auto& done : batch.waiting)
    done(std::unexpected(domain::Error{.code = domain::ErrorCode::store_unavailable, .detail = failure.why}));
}

void BatchingJournal::note(const WriteFailure& failure) {
  if (failure.fatal && !std::exchange(lost_, true)) observer_.store_lost(failure.why);
  takes_removals_.store(failure.takes_removals, std::memory_order_release);
  set_trouble(failure.why);
}

void BatchingJournal::set_trouble(const std::string& why) {
  if (trouble_.set(why)) observer_.store_changed(why);
}

}  // namespace jobqd::stores::journal
