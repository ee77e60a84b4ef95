#include "metrics/families.hpp"

#include <array>
#include <iterator>
#include <limits>

#include <jobqd/base/check.hpp>

namespace jobqd::metrics {

namespace {

using prometheus::MetricType;

struct Description {
  std::string_view name;
  MetricType type;
  std::string_view help;
};

/// docs/operations.md has the same table, with what each is good for.
constexpr std::array descriptions{
    Description{"jobqd_queue_jobs", MetricType::Gauge,
                "Jobs by state; the states are disjoint and add up to all jobs."},
    Description{"jobqd_queue_oldest_ready_age_seconds", MetricType::Gauge,
                "How long the first job that could start, or lacks only a remote worker, has been due."},
    Description{"jobqd_queue_capacity", MetricType::Gauge, "Jobs that may wait."},
    Description{"jobqd_queue_workers", MetricType::Gauge, "Workers of the daemon itself."},
    Description{"jobqd_queue_lease_waiters", MetricType::Gauge,
                "Requests of remote workers that wait for a job."},
    Description{"jobqd_queue_paused", MetricType::Gauge, "1 while the queue is paused."},
    Description{"jobqd_queue_circuit_state", MetricType::Gauge,
                "1 for the state that the circuit breaker is in."},
    Description{"jobqd_jobs_enqueued_total", MetricType::Counter, "Jobs accepted."},
    Description{"jobqd_jobs_refused_total", MetricType::Counter, "Enqueue requests refused, by reason."},
    Description{"jobqd_jobs_deduplicated_total", MetricType::Counter,
                "Jobs submitted again that were there already."},
    Description{"jobqd_attempts_started_total", MetricType::Counter, "Attempts started."},
    Description{"jobqd_attempts_finished_total", MetricType::Counter, "Attempts ended, by outcome."},
    Description{"jobqd_jobs_finished_total", MetricType::Counter,
                "Jobs that are done or have failed for good."},
    Description{"jobqd_job_wait_seconds", MetricType::Histogram, "From when a job is due to its start."},
    Description{"jobqd_attempt_duration_seconds", MetricType::Histogram,
                "From the start of an attempt to its end."},
    Description{"jobqd_store_commit_seconds", MetricType::Histogram, "Time of a commit, with its sync."},
    Description{"jobqd_store_commit_jobs", MetricType::Histogram, "Changes of jobs in a commit."},
    Description{"jobqd_store_writable", MetricType::Gauge, "1 while the store accepts changes."},
    Description{"jobqd_store_size_bytes", MetricType::Gauge, "Size of the store's files."},
    Description{"jobqd_http_requests_total", MetricType::Counter, "Requests answered."},
    Description{"jobqd_http_request_duration_seconds", MetricType::Histogram,
                "From the end of a request to its answer; requests that may wait for a job are left out."},
    Description{"jobqd_http_connections", MetricType::Gauge, "Open connections."},
    Description{"jobqd_spans_dropped_total", MetricType::Counter, "Spans that no collector took."},
    Description{"jobqd_tls_handshake_failures_total", MetricType::Counter,
                "Connections closed before their TLS handshake was complete."},
    Description{"jobqd_config_last_reload_successful", MetricType::Gauge,
                "1 unless the configuration had an error when it was read last."},
    Description{"jobqd_build_info", MetricType::Gauge, "1, with the version as a label."},
    Description{"process_cpu_seconds_total", MetricType::Counter, "User and system CPU time."},
    Description{"process_open_fds", MetricType::Gauge, "Open file descriptors."},
    Description{"process_max_fds", MetricType::Gauge, "Limit of open file descriptors."},
    Description{"process_virtual_memory_bytes", MetricType::Gauge, "Virtual memory."},
    Description{"process_resident_memory_bytes", MetricType::Gauge, "Resident memory."},
    Description{"process_start_time_seconds", MetricType::Gauge,
                "Start of the process, in seconds since 1970."},
};

constexpr double microseconds = 1e6;

/// A gauge of a queue shows up once it is not zero, and stays. Their bits are given out in the order of the
/// calls, which is the same for every queue.
class QueueGauges {
 public:
  QueueGauges(Families& families, std::string_view queue, SeenGauges& seen)
      : families_(families), queue_(queue), seen_(seen) {}

  void show(std::string_view name, double value, std::string_view state = {}) {
    const auto bit = SeenGauges{1} << next_++;
    JOBQD_CHECK(bit != 0);
    if (value != 0) seen_ |= bit;
    if ((seen_ & bit) != 0) families_.gauge(name, {{"queue", queue_}, {"state", state}}, value);
  }

 private:
  Families& families_;
  std::string_view queue_;
  SeenGauges& seen_;
  unsigned next_ = 0;
};

void add_gauges(Families& families, const engine::QueueCounts& queue, SeenGauges& seen) {
  using domain::CircuitState;
  using domain::Status;
  QueueGauges gauges(families, queue.name, seen);
  for (const auto reason : domain::queued_reasons)
    gauges.show("jobqd_queue_jobs", static_cast<double>(queue.queued.of(reason)), domain::to_string(reason));
  for (const auto status : {Status::running, Status::done, Status::failed})
    gauges.show("jobqd_queue_jobs", static_cast<double>(queue.counts.of(status)), domain::to_string(status));
  gauges.show("jobqd_queue_oldest_ready_age_seconds",
              static_cast<double>(queue.oldest_ready.count()) / 1'000);
  gauges.show("jobqd_queue_capacity", static_cast<double>(queue.capacity));
  gauges.show("jobqd_queue_workers", static_cast<double>(queue.workers));
  gauges.show("jobqd_queue_lease_waiters", static_cast<double>(queue.lease_waiters));
  gauges.show("jobqd_queue_paused", queue.paused ? 1 : 0);
  for (const auto state : {CircuitState::closed, CircuitState::open, CircuitState::half_open})
    gauges.show("jobqd_queue_circuit_state", queue.circuit == state ? 1 : 0, domain::to_string(state));
}

/// What a refusal is called in the label.
std::string_view reason_of(domain::ErrorCode why) {
  using enum domain::ErrorCode;
  switch (why) {
    case queue_full:
      return "full";
    case draining:
      return "draining";
    case store_unavailable:
      return "unavailable";
    case out_of_memory:
      return "out_of_memory";
    case queue_not_found:
      return "no_queue";
    case id_conflict:
      return "id_conflict";
    default:
      return "too_large";  // More than the queue can ever take.
  }
}

}  // namespace

Families::Families() {
  families_.reserve(descriptions.size());
  for (const auto& [name, type, help] : descriptions) {
    indices_.emplace(name, families_.size());
    families_.push_back({.name = std::string(name), .help = std::string(help), .type = type, .metric = {}});
  }
}

prometheus::ClientMetric& Families::add(std::string_view name, MetricType type, Labels labels) {
  auto& family = families_[indices_.at(name)];
  JOBQD_CHECK(family.type == type);
  auto& metric = family.metric.emplace_back();
  metric.label.reserve(labels.size());
  for (const auto& [label, value] : labels)
    if (!value.empty()) metric.label.push_back({.name = std::string(label), .value = std::string(value)});
  return metric;
}

void Families::gauge(std::string_view name, Labels labels, double value) {
  add(name, MetricType::Gauge, labels).gauge.value = value;
}

void Families::counter(std::string_view name, Labels labels, double value) {
  add(name, MetricType::Counter, labels).counter.value = value;
}

template <auto bounds>
void Families::histogram(std::string_view name, Labels labels, const base::Histogram<bounds>& histogram,
                         double unit) {
  if (histogram.total() == 0) return;
  auto& metric = add(name, MetricType::Histogram, labels).histogram;
  metric.bucket.reserve(bounds.size() + 1);
  const auto counts = histogram.counts();
  for (std::size_t i = 0; i <= bounds.size(); ++i) {
    metric.sample_count += counts[i];
    metric.bucket.push_back({.cumulative_count = metric.sample_count,
                             .upper_bound = i < bounds.size() ? static_cast<double>(bounds[i]) / unit
                                                              : std::numeric_limits<double>::infinity()});
  }
  metric.sample_sum = static_cast<double>(histogram.sum()) / unit;
}

std::vector<prometheus::MetricFamily> Families::take() && {
  std::erase_if(families_, [](const auto& family) { return family.metric.empty(); });
  return std::move(families_);
}

void add_queue(Families& families, const engine::QueueCounts& queue, SeenGauges& seen) {
  const std::string_view name = queue.name;
  const auto& totals = queue.totals;
  const auto count = [&](std::string_view metric, std::uint64_t value, std::string_view outcome = {},
                         std::string_view reason = {}) {
    if (value > 0)
      families.counter(metric, {{"queue", name}, {"outcome", outcome}, {"reason", reason}},
                       static_cast<double>(value));
  };
  add_gauges(families, queue, seen);
  count("jobqd_jobs_enqueued_total", totals.enqueued);
  if (totals.deduplicated > 0)
    families.counter("jobqd_jobs_deduplicated_total", {{"queue", name}, {"how", "id"}},
                     static_cast<double>(totals.deduplicated));
  count("jobqd_attempts_started_total", totals.started(queue.counts.of(domain::Status::running)));
  for (std::size_t i = 0; i < engine::attempt_outcome_count; ++i) {
    const auto outcome = static_cast<engine::AttemptOutcome>(i);
    count("jobqd_attempts_finished_total", totals.ended(outcome), engine::to_string(outcome));
  }
  // A job is done when one of its attempts is.
  count("jobqd_jobs_finished_total", totals.ended(engine::AttemptOutcome::done), "done");
  for (std::size_t i = 0; i < totals.failed.by_reason.size(); ++i)
    count("jobqd_jobs_finished_total", totals.failed.by_reason[i], "failed",
          domain::to_string(static_cast<domain::Reason>(i)));
  families.histogram("jobqd_job_wait_seconds", {{"queue", name}}, totals.waited, microseconds);
  families.histogram("jobqd_attempt_duration_seconds", {{"queue", name}}, totals.ran, microseconds);
}

void add_counters(Families& families, const CounterValues& values) {
  for (const auto& [refusal, times] : values.refused)
    families.counter("jobqd_jobs_refused_total",
                     {{"queue", refusal.first}, {"reason", reason_of(refusal.second)}},
                     static_cast<double>(times));
  families.histogram("jobqd_store_commit_seconds", {}, values.commits, microseconds);
  families.histogram("jobqd_store_commit_jobs", {}, values.commit_changes, 1);
  for (const auto& request : values.requests)
    families.counter(
        "jobqd_http_requests_total",
        {{"method", request.method}, {"route", request.route}, {"code", std::to_string(request.status)}},
        static_cast<double>(request.times));
  for (const auto& route : values.routes)
    families.histogram("jobqd_http_request_duration_seconds", {{"route", route.route}}, route.durations,
                       microseconds);
  families.gauge("jobqd_http_connections", {}, static_cast<double>(values.connections));
  if (values.failed_handshakes > 0)
    families.counter("jobqd_tls_handshake_failures_total", {}, static_cast<double>(values.failed_handshakes));
  families.gauge("jobqd_config_last_reload_successful", {}, values.last_reload_successful ? 1 : 0);
}

void add_process(Families& families, const ProcessFigures& figures) {
  const auto gauge = [&families](std::string_view name, const auto& value) {
    if (value) families.gauge(name, {}, static_cast<double>(*value));
  };
  if (figures.cpu_seconds) families.counter("process_cpu_seconds_total", {}, *figures.cpu_seconds);
  gauge("process_open_fds", figures.open_descriptors);
  gauge("process_max_fds", figures.most_descriptors);
  gauge("process_virtual_memory_bytes", figures.virtual_bytes);
  gauge("process_resident_memory_bytes", figures.resident_bytes);
  gauge("process_start_time_seconds", figures.start_time);
}

}  // namespace jobqd::metrics
