#include "processors/simulate/simulate.hpp"

#include <utility>

#include <jobqd/base/mutex.hpp>

namespace jobqd::processors::simulate {

namespace {

/// false when `stop` was requested first.
bool wait_for(base::milliseconds duration, std::stop_token stop) {
  base::Mutex mutex;
  base::StoppableConditionVariable never;
  const auto token = stop;
  const base::MutexLock lock(mutex);
  never.wait_for(mutex, std::move(stop), duration, [] { return false; });
  return !token.stop_requested();
}

}  // namespace

engine::Outcome Simulate::process(const engine::Claim& /*claim*/, std::stop_token stop) {
  const base::milliseconds work(random_.between(options_.shortest.count(), options_.longest.count()));
  if (work.count() > 0 && !wait_for(work, std::move(stop))) return engine::Interrupted{};
  if (random_.fraction() < options_.failure_rate) return engine::Retry{.error = "simulated failure"};
  return engine::Done{};
}

}  // namespace jobqd::processors::simulate
