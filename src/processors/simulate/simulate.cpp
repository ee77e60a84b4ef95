#include <jobqd/processors/simulate.hpp>

#include <condition_variable>
#include <mutex>

namespace jobqd::processors {

namespace {

/// false when `stop` came first.
bool wait_for(base::milliseconds duration, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, duration, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace

Simulate::Simulate(Options options, base::Random& random) : options_(options), random_(random) {}

engine::Outcome Simulate::process(const engine::Claim& /*claim*/, std::stop_token stop) {
  const base::milliseconds work(random_.between(options_.shortest.count(), options_.longest.count()));
  if (work.count() > 0 && !wait_for(work, stop)) return engine::Interrupted{};
  if (random_.fraction() < options_.failure_rate) return engine::Retry{.error = "simulated failure"};
  return engine::Done{};
}

}  // namespace jobqd::processors
