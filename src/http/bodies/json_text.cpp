#include "http/bodies/json_text.hpp"

#include <array>

#include <fmt/format.h>

#include <jobqd/base/duration.hpp>
#include <jobqd/base/json_string.hpp>
#include <jobqd/base/rfc3339.hpp>

namespace jobqd::http {

namespace {

using base::json_string;

void append_time(std::string& out, std::string_view name, const std::optional<base::WallTime>& time) {
  if (time) out += fmt::format(R"(,"{}":"{}")", name, base::format_rfc3339(*time));
}

void append_circuit(std::string& out, const engine::Circuit& circuit) {
  constexpr std::array<std::string_view, 3> states{"closed", "open", "half_open"};
  out += fmt::format(R"(,"circuit":{{"state":"{}","failures":{})",
                     states.at(static_cast<std::size_t>(circuit.state)), circuit.failures);
  if (circuit.probes_in)
    out += fmt::format(R"(,"probes_in":"{}")", base::format_duration(*circuit.probes_in));
  out += '}';
}

}  // namespace

void append_queue(std::string& out, const engine::QueueState& queue) {
  using domain::Status;
  const auto& counts = queue.counts;
  out += fmt::format(R"({{"name":{},"capacity":{},"max_retries":{})", json_string(queue.name), queue.capacity,
                     queue.max_retries);
  if (queue.timeout) out += fmt::format(R"(,"timeout":"{}")", base::format_duration(*queue.timeout));
  out += fmt::format(R"(,"paused":{},"queued":{},"ready":{},"running":{},"done":{},"failed":{})",
                     queue.paused, counts.of(Status::queued), queue.ready, counts.of(Status::running),
                     counts.of(Status::done), counts.of(Status::failed));
  if (queue.oldest_ready)
    out += fmt::format(R"(,"oldest_ready_age":"{}")", base::format_duration(*queue.oldest_ready));
  if (queue.circuit) append_circuit(out, *queue.circuit);
  const auto& minute = queue.last_minute;
  out += fmt::format(R"(,"last_minute":{{"enqueued":{},"started":{},"done":{},"failed":{}}}}})",
                     minute.enqueued, minute.started, minute.done, minute.failed);
}

void append_job(std::string& out, const domain::Job& job) {
  const auto& progress = job.progress;
  out += fmt::format(R"({{"id":{},"queue":{},"status":"{}")", json_string(job.id), json_string(job.queue),
                     domain::to_string(progress.status));
  if (progress.reason != domain::Reason::none)
    out += fmt::format(R"(,"reason":"{}")", domain::to_string(progress.reason));
  out += R"(,"payload":)";
  out += job.payload;
  out += fmt::format(R"(,"priority":{},"max_retries":{},"attempts":{},"failures":{},"interruptions":{})",
                     job.priority, job.max_retries, progress.attempts, progress.failures,
                     progress.interruptions);
  if (progress.deferrals > 0) out += fmt::format(R"(,"deferrals":{})", progress.deferrals);
  if (job.timeout) out += fmt::format(R"(,"timeout":"{}")", base::format_duration(*job.timeout));
  append_time(out, "enqueued_at", job.enqueued_at);
  const bool waits = progress.reason == domain::Reason::delayed || progress.reason == domain::Reason::backoff;
  if (waits) append_time(out, "run_at", job.run_at);
  append_time(out, "started_at", job.started_at);
  append_time(out, "finished_at", job.finished_at);
  if (!job.last_error.empty()) out += fmt::format(R"(,"last_error":{})", json_string(job.last_error));
  if (job.result) {
    out += R"(,"result":)";
    out += *job.result;
  }
  out += '}';
}

}  // namespace jobqd::http
