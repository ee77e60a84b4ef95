#include "stores/journal/batching_journal.hpp"

#include <utility>

#include <jobqd/base/thread_name.hpp>

namespace jobqd::stores::journal {

BatchingJournal::BatchingJournal(Options options, const base::Clock& clock, engine::Observer& observer,
                                 std::unique_ptr<BatchWriter> writer)
    : options_(options), clock_(clock), observer_(observer), writer_(std::move(writer)) {}

BatchingJournal::~BatchingJournal() {
  gathering_.stop();
  if (thread_.joinable()) thread_.join();
}

void BatchingJournal::start() {
  if (!thread_.joinable()) thread_ = std::jthread([this] { run(); });
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

void BatchingJournal::run() {
  base::name_this_thread("journal");
  while (true) {
    auto batch = trouble_.exists() ? take_in_trouble() : gathering_.take(options_.soon);
    const bool last = batch.last;
    settle(std::move(batch));
    // While one batch was written, the next may have gathered. In trouble one last try has to do.
    if (last && (trouble_.exists() || gathering_.empty())) return;
  }
}

Batch BatchingJournal::take_in_trouble() {
  return gathering_.take_after(options_.try_again,
                               takes_removals() ? Gathering::Until::removal : Gathering::Until::nothing);
}

void BatchingJournal::settle(Batch batch) {
  const bool probe = trouble_.exists();
  const bool writes = probe || !batch.changes.empty();
  engine::Commit commit{.changes = batch.changes.size()};
  if (writes) {
    const auto begin = clock_.now().steady;
    const auto written = writer_->write(batch.changes, probe);
    commit.duration = clock_.now().steady - begin;
    if (!written) return refuse(std::move(batch), written.error());
  }
  durable_.store(batch.number, std::memory_order_release);
  if (probe && writer_->has_recovered()) set_trouble({});
  if (writes) observer_.batch_committed(commit);
  for (auto& done : batch.waiting) done({});
  if (!writes) return;
  if (const auto tended = writer_->tend(); !tended) note(tended.error());
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
