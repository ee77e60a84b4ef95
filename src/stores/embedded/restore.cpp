// How an embedded store comes back from its file.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <jobqd/domain/lifecycle.hpp>

#include "stores/embedded/turn.hpp"
#include "stores/sqlite/sqlite_journal.hpp"

namespace jobqd::stores {

std::expected<OpenedStore, std::string> open_sqlite_store(const std::string& path, EmbeddedOptions options,
                                                          const base::Clock& clock, DueChanged due_changed,
                                                          engine::Observer& observer) {
  embedded::SqliteJournal::Options journal_options{.path = path};
  for (const auto& queue : options.queues) journal_options.queues.push_back(queue.name);
  auto journal = embedded::SqliteJournal::open(std::move(journal_options), observer);
  if (!journal) return std::unexpected(journal.error());
  return embedded::restore_store(std::move(options), clock, std::move(due_changed), *std::move(journal));
}

}  // namespace jobqd::stores

namespace jobqd::stores::embedded {

using domain::Status;

std::expected<OpenedStore, std::string> restore_store(EmbeddedOptions options, const base::Clock& clock,
                                                      DueChanged due_changed,
                                                      std::unique_ptr<SqliteJournal> journal) {
  SqliteJournal& file = *journal;
  auto store =
      std::make_unique<EmbeddedStore>(std::move(options), clock, std::move(due_changed), std::move(journal));
  Recovery recovery;
  std::string fault;
  const auto read = file.replay([&](StoredJob&& stored) {
    if (fault.empty()) fault = store->restore(std::move(stored), recovery);
  });
  if (!read) return std::unexpected(read.error());
  if (!fault.empty()) return std::unexpected(fault);
  const auto paused = file.paused_queues();
  if (!paused) return std::unexpected(paused.error());
  for (const auto& queue : *paused) store->restore_paused(queue);
  store->finish_restore(std::uint64_t{file.epoch()} << 32);
  file.start();
  return OpenedStore{.store = std::move(store), .recovery = std::move(recovery)};
}

std::string EmbeddedStore::restore(StoredJob stored, Recovery& recovery) {
  Turn turn(*this);
  last_number_ = std::max(last_number_, stored.job.number);
  if (!stored.sound || table_.find_id(stored.job.content.id()) != 0) {
    recovery.set_aside.push_back(
        fmt::format("number {}, id \"{}\"", stored.job.number, stored.job.content.id()));
    return {};
  }
  const auto queue = queue_index(stored.job.queue);
  if (!queue)
    return fmt::format("the file holds jobs of queue \"{}\", which is not configured", stored.job.queue);

  Record record;
  record.content = std::move(stored.job.content);
  record.number = stored.job.number;
  record.fingerprint = stored.job.fingerprint;
  record.enqueued_at = stored.job.enqueued_at;
  record.run_at = stored.job.run_at;
  record.queue = *queue;
  record.priority = stored.job.priority;
  record.max_retries = stored.job.max_retries;
  record.timeout_ms = stored.job.timeout_ms;
  record.durable = true;
  if (stored.progress) {
    record.progress = stored.progress->progress;
    record.run_at = stored.progress->run_at;
    record.started_at = stored.progress->started_at;
    record.finished_at = stored.progress->finished_at;
    if (stored.progress->ending)
      record.ending = std::make_unique<Ending>(*std::move(stored.progress->ending));
  } else if (record.run_at != base::WallTime{}) {
    record.progress.reason = domain::Reason::delayed;
  }
  const auto handle = table_.insert(std::move(record));
  Record& kept = table_.at(handle);
  ++count_of(kept);
  resume(turn, handle, kept, recovery);
  return {};
}

void EmbeddedStore::resume(Turn& turn, engine::JobHandle handle, Record& record, Recovery& recovery) {
  if (record.finished()) {
    ++recovery.finished;
    restored_finished_.push_back(handle);
    return;
  }
  if (record.progress.status == Status::running) {
    ++recovery.interrupted;
    // One interruption too many ends it; ends are taken in later, in their order.
    if (record.progress.interruptions < interruptions_max(record))
      apply_interruption(turn, handle, record);
    else
      restored_finished_.push_back(handle);
    return;
  }
  ++recovery.queued;
  queues_[record.queue].channel.reserve_again();
  // The steady clock began anew with this process; what is left of the wait is measured on the calendar.
  if (record.run_at != base::WallTime{} && record.run_at > turn.now.wall)
    wait_until(turn, handle, record, due_at(turn.now, record.run_at));
  else
    make_ready(handle, record);
}

void EmbeddedStore::finish_restore(engine::FencingToken first_token) {
  Turn turn(*this);
  last_token_ = first_token;
  // Jobs come by number; retention wants them by their end.
  std::ranges::sort(restored_finished_, {},
                    [this](engine::JobHandle handle) { return table_.at(handle).finished_at; });
  for (const auto handle : restored_finished_) {
    Record& record = table_.at(handle);
    if (!record.finished()) continue;
    const auto age = std::max(turn.now.wall - record.finished_at, base::milliseconds{0});
    keep_finished(handle, record, turn.now.steady + retention(record) - age);
  }
  for (const auto handle : std::exchange(restored_finished_, {}))
    if (Record& record = table_.at(handle); !record.finished()) apply_interruption(turn, handle, record);
  turn.wants_tick(turn.now.steady);
  turn.flush();
}

}  // namespace jobqd::stores::embedded
