#include "app/daemon/queue_runners.hpp"

#include <algorithm>
#include <utility>

#include <jobqd/base/check.hpp>
#include <jobqd/traces/traced_processor.hpp>

namespace jobqd::app {

namespace {

/// Whether the workers of the one can go on for the other.
bool runs_alike(const QueueConfig& a, const QueueConfig& b) {
  return a.kind == b.kind && a.values == b.values;
}

}  // namespace

engine::QueueOptions queue_options(const QueueConfig& queue, std::string fault) {
  return {.name = queue.name,
          .capacity = queue.capacity,
          .capacity_bytes = queue.capacity_bytes,
          .max_retries = queue.max_retries,
          .timeout = queue.timeout,
          .backoff = queue.backoff,
          .rate = queue.rate,
          .circuit = queue.circuit,
          .retention = queue.retention,
          .interruptions_max = queue.interruptions_max,
          .remote = queue.is_remote(),
          .processor = {.name = queue.kind->name,
                        .workers = queue.workers,
                        .simulates = queue.kind->simulates,
                        .fault = std::move(fault)}};
}

QueueRunners::QueueRunners(engine::Store& store, engine::Observer& observer, const base::Clock& clock,
                           base::Random& random, FileWatch& files, traces::Tracer tracer)
    : store_(store), observer_(observer), clock_(clock), random_(random), files_(files), tracer_(tracer) {}

void QueueRunners::add(const QueueConfig& config) {
  bring_up(runners_.emplace_back(Runner{.config = config}));
}

std::expected<void, std::string> QueueRunners::start() {
  started_ = true;
  for (auto& runner : runners_) {
    if (!runner.parts.workers) continue;
    if (auto started = runner.parts.workers->start(); !started) return started;
  }
  return {};
}

std::expected<void, std::string> QueueRunners::grow(const std::vector<QueueConfig>& wanted) {
  std::vector<Runner*> grown;
  for (const auto& config : wanted) {
    auto* const present = find(config.name);
    if (present == nullptr || !present->parts.workers || !runs_alike(present->config, config)) continue;
    if (config.workers <= present->config.workers) continue;
    grown.push_back(present);
    auto resized = present->parts.workers->resize(config.workers);
    if (resized) continue;
    for (const auto* runner : grown)
      (void)runner->parts.workers->resize(runner->config.workers);  // Fewer: always possible.
    return resized;
  }
  return {};
}

void QueueRunners::change(const QueueConfig& config) {
  auto& runner = known(config.name);
  const bool goes_on = runs_alike(runner.config, config) && runner.fault.empty();
  runner.config = config;
  if (!goes_on) {
    retire(runner);
    return bring_up(runner);
  }
  store_.configure(queue_options(config));
  if (runner.parts.workers) (void)runner.parts.workers->resize(config.workers);  // It has grown already.
}

void QueueRunners::remove(std::string_view name) {
  auto& runner = known(name);
  retire(runner);
  store_.remove_queue(name);
  runners_.erase(runners_.begin() + (&runner - runners_.data()));
}

std::optional<base::milliseconds> QueueRunners::tend() {
  std::erase_if(retired_, [](const Parts& parts) { return parts.workers->has_ended(); });
  const auto now = clock_.now().steady;
  std::optional<base::milliseconds> next;
  if (!retired_.empty()) next = try_again_after;
  for (auto& runner : runners_) {
    if (!runner.fault.empty() && runner.try_again <= now) bring_up(runner);
    if (runner.fault.empty()) continue;
    const auto wait = std::chrono::ceil<base::milliseconds>(runner.try_again - now);
    next = std::min(wait, next.value_or(wait));
  }
  return next;
}

void QueueRunners::request_stop() {
  for (auto& runner : runners_)
    if (runner.parts.workers) runner.parts.workers->request_stop();
}

void QueueRunners::join() {
  for (auto& runner : runners_)
    if (runner.parts.workers) runner.parts.workers->join();
  for (auto& parts : retired_) parts.workers->join();
}

std::vector<QueueConfig> QueueRunners::queues() const {
  std::vector<QueueConfig> all;
  all.reserve(runners_.size());
  for (const auto& runner : runners_) all.push_back(runner.config);
  return all;
}

void QueueRunners::bring_up(Runner& runner) {
  auto made = make(runner.config);
  auto fault = made ? std::string{} : made.error();
  store_.configure(queue_options(runner.config, fault));
  if (made && made->workers && started_) {
    // Only now, because the workers ask the store for jobs at once.
    if (auto running = made->workers->start(); !running) {
      fault = running.error();
      store_.configure(queue_options(runner.config, fault));
    }
  }
  if (fault.empty()) runner.parts = *std::move(made);
  runner.try_again = clock_.now().steady + try_again_after;
  if (fault != std::exchange(runner.fault, fault)) observer_.queue_changed(runner.config.name, fault);
}

std::expected<QueueRunners::Parts, std::string> QueueRunners::make(const QueueConfig& config) {
  Parts parts;
  if (config.is_remote()) return parts;
  auto made = processors::make_processor(
      *config.kind, {.values = config.values, .queue = config.name, .clock = clock_, .random = random_});
  if (!made) return std::unexpected(std::move(made.error()));
  parts.processor = *std::move(made);
  if (tracer_.traces() && !config.kind->simulates)  // Nothing nests below pretended work.
    parts.processor = std::make_unique<traces::TracedProcessor>(std::move(parts.processor), tracer_);
  files_.add(config.name, parts.processor->files());
  parts.retry_processor = std::make_unique<engine::RetryProcessor>(store_, *parts.processor, observer_);
  parts.workers =
      std::make_unique<engine::WorkerPool>(store_, *parts.retry_processor, config.name, config.workers);
  return parts;
}

void QueueRunners::retire(Runner& runner) {
  auto parts = std::exchange(runner.parts, {});
  if (!parts.workers) return;
  files_.remove(parts.processor->files());
  parts.workers->request_stop();
  retired_.push_back(std::move(parts));
}

auto QueueRunners::find(std::string_view name) -> Runner* {
  const auto found =
      std::ranges::find_if(runners_, [&](const auto& runner) { return runner.config.name == name; });
  return found == runners_.end() ? nullptr : &*found;
}

auto QueueRunners::known(std::string_view name) -> Runner& {
  auto* const runner = find(name);
  JOBQD_CHECK(runner != nullptr);
  return *runner;
}

}  // namespace jobqd::app
