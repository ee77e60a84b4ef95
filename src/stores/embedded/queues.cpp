// What is done to a queue as a whole.

#include <utility>

#include <fmt/format.h>

#include <jobqd/domain/lifecycle.hpp>

#include "stores/embedded/turn.hpp"

namespace jobqd::stores::embedded {

using domain::Error;
using domain::ErrorCode;
using domain::Status;

namespace {

/// What one turn of a sweep may look at, and change, before others get theirs.
constexpr int sweep_looks = 10'000;
constexpr std::size_t sweep_changes = 1'000;

}  // namespace

Error EmbeddedStore::no_such_queue(std::string_view name) {
  return {.code = ErrorCode::queue_not_found, .detail = fmt::format("there is no queue named \"{}\"", name)};
}

engine::Expected<std::uint16_t> EmbeddedStore::find_queue_to_change(std::string_view name) const {
  const auto queue = queue_index(name);
  if (!queue) return std::unexpected(no_such_queue(name));
  if (auto why = journal_->trouble(); !why.empty()) return std::unexpected(unavailable(std::move(why)));
  return *queue;
}

void EmbeddedStore::set_paused(std::string_view queue, bool paused, engine::Callback<void> done) {
  Turn turn(*this);
  const auto index = find_queue_to_change(queue);
  if (!index) return answer(turn, std::move(done), index.error());
  queues_[*index].paused = paused;
  queues_[*index].hold_if_needed();
  journal_->set_paused(queue, paused);
  journal_->when_durable(std::move(done));
  turn.flush();
}

void EmbeddedStore::restore_paused(std::string_view queue) {
  const std::scoped_lock lock(mutex_);
  const auto index = queue_index(queue);
  if (!index) return;
  queues_[*index].paused = true;
  queues_[*index].hold_if_needed();
}

bool EmbeddedStore::configure(const engine::QueueOptions& options) {
  Turn turn(*this);
  const auto index = queue_index(options.name);
  if (!index) return false;
  auto& queue = queues_[*index];
  const auto kept_longer =
      options.retention.value_or(options_.retention) - queue.options.retention.value_or(options_.retention);
  queue.finished.visit_newest_first(0, [&](std::uint64_t, engine::JobHandle handle) {
    table_.at(handle).due += kept_longer;
    return true;
  });
  queue.channel.set_capacity(options.capacity);
  if (options.rate != queue.options.rate) queue.limiter = domain::RateLimiter(options.rate);
  queue.breaker.set_rule(options.circuit, turn.now.steady);
  queue.options = options;
  pace(turn, queue);
  turn.wants_tick(turn.now.steady);
  return true;
}

bool EmbeddedStore::may_start(Turn& turn, Queue& queue) {
  if (queue.paused || queue.waits) return false;
  if (!queue.limits_starts()) return true;
  const bool now = queue.next_start() <= turn.now.steady;
  if (now) {
    queue.limiter.take(turn.now.steady);
    queue.breaker.started();
  }
  pace(turn, queue);
  return now;
}

void EmbeddedStore::pace(Turn& turn, Queue& queue) {
  const bool waited = std::exchange(queue.waits, queue.next_start() > turn.now.steady);
  if (queue.waits != waited) queue.hold_if_needed();
  if (queue.waits) turn.wants_tick(queue.next_start());
}

void EmbeddedStore::note_end(Turn& turn, Queue& queue, const engine::Resolution& resolution) {
  const auto now = turn.now.steady;
  const auto* failed = std::get_if<engine::Failed>(&resolution);
  const auto* again = std::get_if<engine::Again>(&resolution);
  if (std::holds_alternative<engine::Done>(resolution)) queue.done.add(now);
  if ((failed != nullptr && failed->reason != domain::Reason::cancelled) ||
      (again != nullptr && !again->deferred))
    queue.failed.add(now);
  if (!queue.options.circuit.applies()) return;
  // A rejected job shows that whom it is for is well.
  if (std::holds_alternative<engine::Done>(resolution) ||
      (failed != nullptr && failed->reason == domain::Reason::rejected))
    queue.breaker.succeeded();
  else if (again != nullptr || (failed != nullptr && failed->reason == domain::Reason::exhausted))
    queue.breaker.failed(now);
  else
    queue.breaker.ended(now);
  pace(turn, queue);
}

std::optional<base::SteadyTime> EmbeddedStore::work_off_pace(base::SteadyTime now) {
  std::optional<base::SteadyTime> next;
  for (auto& queue : queues_) {
    if (!queue.waits) continue;
    const auto at = queue.next_start();
    queue.waits = at > now;
    if (!queue.waits)
      queue.hold_if_needed();
    else if (at != base::SteadyTime::max())
      next = earlier(next, at);
  }
  return next;
}

void EmbeddedStore::retry_all(std::string_view queue, engine::Callback<std::uint64_t> done) {
  begin_sweep(queue, Status::failed, std::move(done));
}

void EmbeddedStore::purge(std::string_view queue, engine::Callback<std::uint64_t> done) {
  begin_sweep(queue, Status::queued, std::move(done));
}

void EmbeddedStore::begin_sweep(std::string_view queue, Status status, engine::Callback<std::uint64_t> done) {
  Turn turn(*this);
  const auto index = find_queue_to_change(queue);
  if (!index) return answer(turn, std::move(done), index.error());
  // Jobs that come in from now on are newer, and none of its business.
  sweeps_.push_back({.queue = *index, .status = status, .before = last_number_ + 1, .done = std::move(done)});
  turn.wants_tick(turn.now.steady);
}

bool EmbeddedStore::work_off_sweeps(Turn& turn) {
  if (sweeps_.empty()) return true;
  Sweep& sweep = sweeps_.front();
  int looks = sweep_looks;
  std::vector<engine::JobHandle> found;
  bool more = false;
  table_.by_age().visit_newest_first(sweep.before, [&](std::uint64_t number, engine::JobHandle handle) {
    more = looks-- == 0 || found.size() == sweep_changes;
    if (more) return false;
    sweep.before = number;
    const Record& record = table_.at(handle);
    if (record.durable && record.queue == sweep.queue && record.progress.status == sweep.status)
      found.push_back(handle);
    return true;
  });
  for (const auto handle : found) {
    Record& record = table_.at(handle);
    if (sweep.status == Status::failed)
      retry_one(turn, handle, record, domain::retried(record.progress).value());
    else
      remove_one(turn, handle, record);
  }
  sweep.count += found.size();
  if (more) return false;
  journal_->when_durable(
      [done = std::move(sweep.done), count = sweep.count](std::expected<void, Error> durable) mutable {
        if (durable)
          done(count);
        else
          done(std::unexpected(std::move(durable.error())));
      });
  turn.flush();
  sweeps_.pop_front();
  return sweeps_.empty();
}

}  // namespace jobqd::stores::embedded
