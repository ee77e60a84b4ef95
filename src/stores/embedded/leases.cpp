// Jobs that workers elsewhere have: handed out, kept alive, taken back.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <jobqd/base/check.hpp>

#include "stores/embedded/turn.hpp"

namespace jobqd::stores::embedded {

using domain::Error;
using domain::ErrorCode;

namespace {

/// How many leases that ran out one tick() ends before others get a turn.
constexpr int expiry_budget = 1000;

}  // namespace

engine::WaitId EmbeddedStore::lease(engine::LeaseRequest request,
                                    engine::Callback<std::vector<engine::Lease>> done) {
  JOBQD_CHECK(request.max_jobs > 0 && request.duration > base::milliseconds{0});
  Turn turn(*this);
  const auto queue = queue_index(request.queue);
  if (!queue) {
    answer(turn, std::move(done), no_such_queue(request.queue));
    return 0;
  }
  // Who waits already is served first: while somebody does, there is nothing to be had.
  auto leases = claiming_ && !waiting_.contains(*queue) ? grant(turn, queues_[*queue], request)
                                                        : std::vector<engine::Lease>{};
  if (!leases.empty() || !claiming_) {
    turn.call([done = std::move(done), leases = std::move(leases)]() mutable { done(std::move(leases)); });
    return 0;
  }
  waiting_[*queue].push_back({.id = ++last_wait_, .request = std::move(request), .done = std::move(done)});
  return last_wait_;
}

bool EmbeddedStore::unlease(engine::WaitId wait) {
  Waiting forgotten{};  // Let go of after the lock, because what it holds may call the store.
  const std::scoped_lock lock(mutex_);
  for (auto queue = waiting_.begin(); queue != waiting_.end(); ++queue) {
    const auto found = std::ranges::find(queue->second, wait, &Waiting::id);
    if (found == queue->second.end()) continue;
    forgotten = std::move(*found);
    queue->second.erase(found);
    if (queue->second.empty()) waiting_.erase(queue);
    return true;
  }
  return false;
}

void EmbeddedStore::extend(std::string_view id, engine::FencingToken token, base::milliseconds duration,
                           engine::Callback<engine::Extension> done) {
  Turn turn(*this);
  const auto found = find_leased(id, token);
  if (!found) return answer(turn, std::move(done), found.error());
  set_expiry(turn, found->handle, *found->record, turn.now.steady + duration);
  const engine::Extension extension{
      .expires_at = turn.now.wall + duration,
      .cancel_requested = running_.at(found->handle)->cause() == engine::StopCause::cancelled};
  turn.call([done = std::move(done), extension]() mutable { done(extension); });
}

void EmbeddedStore::find_lease(std::string_view id, engine::FencingToken token,
                               engine::Callback<engine::Claim> done) {
  Turn turn(*this);
  const auto found = find_leased(id, token);
  if (!found) return answer(turn, std::move(done), found.error());
  turn.call([done = std::move(done), claim = claim_of(found->handle, *found->record)]() mutable {
    done(std::move(claim));
  });
}

void EmbeddedStore::listen_to_leases(engine::LeaseListener* listener) {
  const std::scoped_lock lock(mutex_);
  lease_listener_ = listener;
}

void EmbeddedStore::sync(engine::Callback<void> done) {
  Turn turn(*this);
  journal_->when_durable(std::move(done));
  turn.flush();
}

engine::Expected<EmbeddedStore::Found> EmbeddedStore::find_leased(std::string_view id,
                                                                  engine::FencingToken token) {
  auto found = find_job(id);
  if (found && (found->record->token != token || !leased_.contains(found->handle)))
    return std::unexpected(
        Error{.code = ErrorCode::lease_lost,
              .detail = fmt::format("token {} does not hold job \"{}\", which is {}: the lease ran out, was "
                                    "ended, or never was",
                                    token, id, domain::to_string(found->record->progress.status))});
  return found;
}

std::vector<engine::Lease> EmbeddedStore::grant(Turn& turn, Queue& queue,
                                                const engine::LeaseRequest& request) {
  std::vector<engine::Lease> leases;
  while (leases.size() < request.max_jobs) {
    const auto handle = queue.channel.try_pop();
    if (!handle) break;
    Record& record = table_.at(*handle);
    if (!may_start(turn, queue)) {
      queue.channel.put_back(record.priority, record.ticket, *handle);
      break;
    }
    leases.push_back(start_lease(turn, *handle, record, request));
  }
  return leases;
}

engine::Lease EmbeddedStore::start_lease(Turn& turn, engine::JobHandle handle, Record& record,
                                         const engine::LeaseRequest& request) {
  const auto expires = turn.now.steady + request.duration;
  leased_.emplace(handle, Leased{.expires = expires, .worker = request.worker});
  expiries_.insert({expires, record.number, handle});
  turn.wants_tick(expires);
  auto claim = start(turn, handle, record);
  return {.claim = std::move(claim), .job = to_job(record), .expires_at = turn.now.wall + request.duration};
}

void EmbeddedStore::serve_waiting(Turn& turn) {
  if (!claiming_) return;
  for (auto queue = waiting_.begin(); queue != waiting_.end();) {
    auto& waiting = queue->second;
    while (!waiting.empty()) {
      auto leases = grant(turn, queues_[queue->first], waiting.front().request);
      if (leases.empty()) break;
      turn.call([done = std::move(waiting.front().done), leases = std::move(leases)]() mutable {
        done(std::move(leases));
      });
      waiting.pop_front();
    }
    queue = waiting.empty() ? waiting_.erase(queue) : std::next(queue);
  }
}

void EmbeddedStore::end_waiting(Turn& turn) {
  for (auto& [queue, waiting] : std::exchange(waiting_, {}))
    for (auto& one : waiting)
      turn.call([done = std::move(one.done)]() mutable { done(std::vector<engine::Lease>{}); });
}

void EmbeddedStore::set_expiry(Turn& turn, engine::JobHandle handle, const Record& record,
                               base::SteadyTime expires) {
  auto& leased = leased_.at(handle);
  expiries_.erase({leased.expires, record.number, handle});
  leased.expires = expires;
  expiries_.insert({expires, record.number, handle});
  turn.wants_tick(expires);
}

bool EmbeddedStore::drop_lease(engine::JobHandle handle, const Record& record) {
  const auto leased = leased_.extract(handle);
  if (leased.empty()) return false;
  const auto expires = leased.mapped().expires;
  if (expires != base::SteadyTime{}) expiries_.erase({expires, record.number, handle});
  return true;
}

void EmbeddedStore::end_lease(Turn& turn, engine::JobHandle handle, Record& record) {
  if (lease_listener_ != nullptr)
    turn.call(
        [listener = lease_listener_, claim = claim_of(handle, record)] { listener->lease_ended(claim); });
  apply(turn, handle, record, engine::Interrupted{});
}

void EmbeddedStore::time_out(Turn& turn, engine::JobHandle handle, Record& record) {
  record.due = {};
  const auto signal = running_.at(handle);
  turn.stop(signal, engine::StopCause::timed_out);
  if (!leased_.contains(handle)) return;  // A worker of ours obeys the signal.
  if (signal->cause() == engine::StopCause::cancelled) return end_lease(turn, handle, record);
  if (lease_listener_ != nullptr)
    turn.call(
        [listener = lease_listener_, claim = claim_of(handle, record)] { listener->lease_timed_out(claim); });
  drop_lease(handle, record);
}

bool EmbeddedStore::work_off_leases(Turn& turn) {
  for (int i = 0; i < expiry_budget; ++i) {
    const auto handle = expiries_.pop(turn.now.steady);
    if (!handle) return true;
    leased_.at(*handle).expires = {};
    end_lease(turn, *handle, table_.at(*handle));
  }
  return false;
}

}  // namespace jobqd::stores::embedded
