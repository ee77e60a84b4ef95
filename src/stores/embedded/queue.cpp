#include "stores/embedded/queue.hpp"

#include <algorithm>
#include <limits>
#include <string>

namespace jobqd::stores::embedded {

namespace {

engine::Circuit circuit_of(const domain::CircuitBreaker& breaker, base::SteadyTime now) {
  engine::Circuit circuit{.state = breaker.state(), .failures = breaker.failures()};
  if (circuit.state == domain::CircuitState::open)
    circuit.probes_in =
        std::chrono::ceil<base::milliseconds>(std::max(breaker.next() - now, base::SteadyTime::duration{0}));
  return circuit;
}

/// All jobs of a queue that are due wait for the same, so this takes no count by job.
engine::ReasonCounts queued_by_reason(const Queue& queue, base::SteadyTime now) {
  using domain::Reason;
  engine::ReasonCounts counts;
  const auto queued = queue.counts.of(domain::Status::queued);
  if (!queue.configured) {
    counts.of(Reason::no_queue) = queued;
    return counts;
  }
  counts.of(queue.reason(now)) = queue.ready.size();
  counts.of(Reason::backoff) = queue.backing_off;
  counts.of(Reason::delayed) = queued - queue.ready.size() - queue.backing_off;
  return counts;
}

}  // namespace

void report_circuit(Effects& effects, engine::Observer& observer, const Queue& queue,
                    domain::CircuitState before) {
  const auto now = queue.gate.breaker().state();
  if (now == before) return;
  effects.call(
      [&observer, name = queue.options.name, before, now] { observer.circuit_changed(name, before, now); });
}

domain::Reason Queue::reason(base::SteadyTime now) const {
  using enum domain::Reason;
  if (!configured) return no_queue;
  if (!options.processor.fault.empty()) return not_working;
  const auto at_gate = gate.reason(now);
  return at_gate == ready && options.remote && !remote_workers.is_there(now) ? no_worker : at_gate;
}

domain::Reason Queue::reason_of(const domain::Progress& progress, base::SteadyTime now) const {
  if (progress.status != domain::Status::queued) return progress.reason;
  if (!configured) return domain::Reason::no_queue;
  return progress.reason == domain::Reason::ready ? reason(now) : progress.reason;
}

bool Queue::has_jobs() const {
  return places.taken().jobs > 0 ||
         std::ranges::any_of(counts.by_status, [](auto count) { return count > 0; });
}

void QueueFigures::attempt_ended(engine::AttemptOutcome outcome, std::chrono::nanoseconds ran) {
  using enum engine::AttemptOutcome;
  if (outcome != done) ++totals.not_done.at(static_cast<std::size_t>(outcome));
  if (outcome == unstarted) return;
  totals.ran.add(ran);
  const auto latest = std::chrono::duration_cast<std::chrono::microseconds>(ran);
  run_time = run_time ? *run_time + (latest - *run_time) / 16 : latest;
}

Queues::Queues(const std::vector<engine::QueueOptions>& options) {
  for (const auto& each : options) {
    indices_.emplace(each.name, static_cast<std::uint16_t>(queues_.size()));
    queues_.push_back(std::make_unique<Queue>(each));
  }
}

std::optional<std::uint16_t> Queues::find(std::string_view name) const {
  if (latest_ >= queues_.size() || queues_[latest_]->options.name != name) {
    const auto found = indices_.find(name);
    if (found == indices_.end()) return std::nullopt;
    latest_ = found->second;
  }
  return queues_[latest_]->configured ? std::optional(latest_) : std::nullopt;
}

std::optional<std::uint16_t> Queues::find_any(std::string_view name) const {
  const auto found = indices_.find(name);
  if (found == indices_.end()) return std::nullopt;
  const auto& queue = *queues_[found->second];
  return queue.configured || queue.has_jobs() ? std::optional(found->second) : std::nullopt;
}

std::optional<std::uint16_t> Queues::find_or_add(const engine::QueueOptions& options) {
  if (const auto found = indices_.find(options.name); found != indices_.end()) return found->second;
  const auto is_free = [](const auto& queue) {
    return !queue->configured && !queue->has_jobs() && !queue->gate.paused();
  };
  const auto place = std::ranges::find_if(queues_, is_free);
  if (place == queues_.end() && queues_.size() > std::numeric_limits<std::uint16_t>::max())
    return std::nullopt;
  const auto index = static_cast<std::uint16_t>(place - queues_.begin());
  if (place == queues_.end()) {
    queues_.push_back(std::make_unique<Queue>(options));
  } else {
    indices_.erase((*place)->options.name);
    **place = Queue(options);
  }
  indices_.emplace(options.name, index);
  return index;
}

std::optional<std::uint16_t> Queues::find_or_add_removed(std::string_view name) {
  if (const auto known = find(name)) return known;
  const auto queue = find_or_add(options_once_removed({.name = std::string(name)}));
  if (queue) queues_[*queue]->configured = false;
  return queue;
}

engine::Counts Queues::counts() const {
  engine::Counts all;
  for (const auto& queue : *this)
    for (std::size_t i = 0; i < all.by_status.size(); ++i) all.by_status[i] += queue.counts.by_status[i];
  return all;
}

engine::QueueOptions options_once_removed(const engine::QueueOptions& options) {
  return {.name = options.name,
          .capacity = 0,
          .max_retries = options.max_retries,
          .backoff = options.backoff,
          .retention = options.retention,
          .interruptions_max = options.interruptions_max};
}

engine::QueueState state_of(const Queue& queue, base::SteadyTime now) {
  const auto& options = queue.options;
  engine::QueueState state{.name = options.name,
                           .configured = queue.configured,
                           .processor = options.processor,
                           .capacity = options.capacity,
                           .max_retries = options.max_retries,
                           .counts = queue.counts,
                           .queued_bytes = queue.places.taken().bytes,
                           .paused = queue.gate.paused(),
                           .shortage = std::string(queue.gate.shortage(now)),
                           .queued = queued_by_reason(queue, now),
                           .ready = queue.ready.size(),
                           .last_minute = {.enqueued = queue.figures.enqueued.count(now),
                                           .started = queue.figures.started.count(now),
                                           .done = queue.figures.done.count(now),
                                           .failed = queue.figures.failed.count(now)},
                           .run_time = queue.figures.run_time};
  if (options.circuit.applies()) state.circuit = circuit_of(queue.gate.breaker(), now);
  if (options.capacity_bytes != engine::any_bytes) state.capacity_bytes = options.capacity_bytes;
  if (options.timeout.count() > 0) state.timeout = options.timeout;
  return state;
}

void copy_counts(const Queue& queue, base::SteadyTime now, engine::QueueCounts& into) {
  const auto& options = queue.options;
  into.name = options.name;
  into.capacity = options.capacity;
  into.workers = options.processor.workers;
  into.paused = queue.gate.paused();
  into.circuit.reset();
  if (options.circuit.applies()) into.circuit = queue.gate.breaker().state();
  into.counts = queue.counts;
  into.queued = queued_by_reason(queue, now);
  into.ready = queue.ready.size();
  into.totals = queue.figures.totals;
}

}  // namespace jobqd::stores::embedded
