#include "http/bodies/scale.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace jobqd::http {

namespace {

using Seconds = std::chrono::duration<double>;

std::uint64_t workers_for(std::uint64_t ready, std::uint64_t enqueued_last_minute, Seconds run_time,
                          Seconds target) {
  const auto starts_a_second =
      static_cast<double>(ready) / target.count() + static_cast<double>(enqueued_last_minute) / 60;
  return static_cast<std::uint64_t>(std::ceil(starts_a_second * run_time.count()));
}

}  // namespace

Scale scale_of(const engine::QueueState& queue, std::optional<base::milliseconds> target) {
  using domain::Reason;
  const auto ready = queue.queued.of(Reason::ready) + queue.queued.of(Reason::no_worker);
  Scale scale{.demand = ready + queue.queued.of(Reason::throttled) + queue.counts.of(domain::Status::running),
              .oldest_ready = queue.due_since};
  if (target)
    scale.workers_needed =
        std::max<std::uint64_t>(workers_for(ready, queue.last_minute.enqueued,
                                            queue.run_time.value_or(std::chrono::microseconds{0}), *target),
                                scale.demand > 0 ? 1 : 0);
  return scale;
}

}  // namespace jobqd::http
