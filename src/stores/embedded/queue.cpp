#include "stores/embedded/queue.hpp"

#include <algorithm>

namespace jobqd::stores::embedded {

namespace {

engine::Circuit circuit_of(const domain::CircuitBreaker& breaker, base::SteadyTime now) {
  engine::Circuit circuit{.state = breaker.state(), .failures = breaker.failures()};
  if (circuit.state == domain::CircuitState::open)
    circuit.probes_in =
        std::chrono::ceil<base::milliseconds>(std::max(breaker.next() - now, base::SteadyTime::duration{0}));
  return circuit;
}

}  // namespace

void report_circuit(Effects& effects, engine::Observer& observer, const Queue& queue,
                    domain::CircuitState before) {
  const auto now = queue.gate.breaker().state();
  if (now == before) return;
  effects.call(
      [&observer, name = queue.options.name, before, now] { observer.circuit_changed(name, before, now); });
}

std::optional<std::uint16_t> Queues::find(std::string_view name) const {
  for (std::size_t i = 0; i < queues_.size(); ++i)
    if (queues_[i].options.name == name) return static_cast<std::uint16_t>(i);
  return std::nullopt;
}

engine::Counts Queues::counts() const {
  engine::Counts all;
  for (const auto& queue : queues_)
    for (std::size_t i = 0; i < all.by_status.size(); ++i) all.by_status[i] += queue.counts.by_status[i];
  return all;
}

engine::QueueState state_of(const Queue& queue, base::SteadyTime now) {
  const auto& options = queue.options;
  engine::QueueState state{.name = options.name,
                           .capacity = options.capacity,
                           .max_retries = options.max_retries,
                           .counts = queue.counts,
                           .queued_bytes = queue.places.taken().bytes,
                           .paused = queue.gate.paused(),
                           .ready = queue.ready.size(),
                           .last_minute = {.enqueued = queue.enqueued.count(now),
                                           .started = queue.started.count(now),
                                           .done = queue.done.count(now),
                                           .failed = queue.failed.count(now)}};
  if (options.circuit.applies()) state.circuit = circuit_of(queue.gate.breaker(), now);
  if (options.capacity_bytes != engine::any_bytes) state.capacity_bytes = options.capacity_bytes;
  if (options.timeout.count() > 0) state.timeout = options.timeout;
  return state;
}

}  // namespace jobqd::stores::embedded
