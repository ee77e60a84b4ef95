// How an embedded store comes back from its file.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <jobqd/domain/lifecycle.hpp>

#include "stores/embedded/turn.hpp"

namespace jobqd::stores::embedded {

using domain::Status;

std::string EmbeddedStore::restore(journal::StoredJob stored, Recovery& recovery) {
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

  const auto handle = table_.insert(record_of(std::move(stored), *queue));
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
