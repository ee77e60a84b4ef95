#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

#include <jobqd/base/minute_counter.hpp>
#include <jobqd/engine/observer.hpp>
#include <jobqd/engine/operations.hpp>
#include <jobqd/engine/queue_options.hpp>

#include "stores/embedded/effects.hpp"
#include "stores/embedded/places.hpp"
#include "stores/embedded/queue_gate.hpp"
#include "stores/embedded/ready_queue.hpp"

namespace jobqd::stores::embedded {

/// The limits that these options set to the room of a queue.
[[nodiscard]] inline Room room_of(const engine::QueueOptions& options) {
  return {.jobs = options.capacity, .bytes = options.capacity_bytes};
}

/// One queue: its options, its places, its ready jobs, and what happened to its jobs.
struct Queue {
  explicit Queue(engine::QueueOptions queue_options)
      : options(std::move(queue_options)), places(room_of(options)), gate(options.rate, options.circuit) {}

  engine::QueueOptions options;
  Places places;
  ReadyQueue ready;
  QueueGate gate;
  engine::Counts counts;
  base::MinuteCounter enqueued, started, done, failed;

  [[nodiscard]] std::uint64_t& count_of(domain::Status status) {
    return counts.by_status.at(static_cast<std::size_t>(status));
  }
};

/// Reports a change of the queue's circuit, if its state is no longer `before`.
void report_circuit(Effects& effects, engine::Observer& observer, const Queue& queue,
                    domain::CircuitState before);

/// The queues of a store, in the order of the configuration. Not thread-safe. A queue keeps its index.
class Queues {
 public:
  explicit Queues(const std::vector<engine::QueueOptions>& options)
      : queues_(options.begin(), options.end()) {}

  [[nodiscard]] std::optional<std::uint16_t> find(std::string_view name) const;

  Queue& operator[](std::uint16_t index) { return queues_[index]; }
  const Queue& operator[](std::uint16_t index) const { return queues_[index]; }

  [[nodiscard]] auto begin() { return queues_.begin(); }
  [[nodiscard]] auto end() { return queues_.end(); }
  [[nodiscard]] auto begin() const { return queues_.begin(); }
  [[nodiscard]] auto end() const { return queues_.end(); }
  [[nodiscard]] std::size_t size() const { return queues_.size(); }

  /// All queues together.
  [[nodiscard]] engine::Counts counts() const;

 private:
  std::deque<Queue> queues_;
};

/// The state of the queue at `now`, without oldest_ready.
[[nodiscard]] engine::QueueState state_of(const Queue& queue, base::SteadyTime now);

}  // namespace jobqd::stores::embedded
