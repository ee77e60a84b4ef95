#include <jobqd/metrics/counters.hpp>

#include <algorithm>
#include <utility>

namespace jobqd::metrics {

void Counters::refused(domain::ErrorCode why, std::string_view queue) {
  Refusal refusal(queue, why);
  const base::MutexLock lock(engine_mutex_);
  ++engine_.refused[std::move(refusal)];
}

void Counters::batch_committed(const engine::Commit& commit) {
  const base::MutexLock lock(engine_mutex_);
  engine_.commits.add(commit.duration);
  engine_.commit_changes.add(static_cast<std::int64_t>(commit.changes));
}

void Counters::configuration_changed(std::string_view /*changed*/, std::string_view /*needs_a_restart*/) {
  const base::MutexLock lock(engine_mutex_);
  engine_.last_reload_successful = true;
}

void Counters::configuration_refused(std::string_view /*why*/) {
  const base::MutexLock lock(engine_mutex_);
  engine_.last_reload_successful = false;
}

void Counters::connection_opened() {
  const base::MutexLock lock(http_mutex_);
  ++http_.connections;
}

void Counters::connection_closed() {
  const base::MutexLock lock(http_mutex_);
  --http_.connections;
}

void Counters::handshake_failed() {
  const base::MutexLock lock(http_mutex_);
  ++http_.failed_handshakes;
}

void Counters::request_answered(const http::Answered& answered) {
  const base::MutexLock lock(http_mutex_);
  auto& requests = http_.requests;
  auto request = std::ranges::find_if(requests, [&](const RequestCount& counted) {
    return counted.status == answered.status && counted.route == answered.route &&
           counted.method == answered.method;
  });
  if (request == requests.end())
    request = requests.insert(
        request, {.method = answered.method, .route = answered.route, .status = answered.status});
  ++request->times;
  if (answered.route.empty() || answered.may_wait) return;
  auto times = std::ranges::find(http_.routes, answered.route, &RouteTimes::route);
  if (times == http_.routes.end())
    times = http_.routes.insert(times, {.route = answered.route, .durations = {}});
  times->durations.add(answered.duration);
}

CounterValues Counters::values() const {
  CounterValues values;
  {
    const base::MutexLock lock(engine_mutex_);
    values.refused = engine_.refused;
    values.commits = engine_.commits;
    values.commit_changes = engine_.commit_changes;
    values.last_reload_successful = engine_.last_reload_successful;
  }
  const base::MutexLock lock(http_mutex_);
  values.requests = http_.requests;
  values.routes = http_.routes;
  values.connections = http_.connections;
  values.failed_handshakes = http_.failed_handshakes;
  return values;
}

void Counters::keep_queues(const std::set<std::string>& queues) {
  const base::MutexLock lock(engine_mutex_);
  std::erase_if(engine_.refused, [&queues](const auto& entry) {
    const auto& queue = entry.first.first;
    return !queue.empty() && !queues.contains(queue);
  });
}

}  // namespace jobqd::metrics
