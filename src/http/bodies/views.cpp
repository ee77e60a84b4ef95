#include "http/bodies/views.hpp"

#include <fmt/format.h>

#include <jobqd/base/duration.hpp>
#include <jobqd/base/rfc3339.hpp>

namespace jobqd::http {

namespace {

void write_time(JsonWriter& json, std::string_view name, const std::optional<base::WallTime>& time) {
  if (time) json.key(name).string(base::format_rfc3339(*time));
}

void write_duration(JsonWriter& json, std::string_view name,
                    const std::optional<base::milliseconds>& duration) {
  if (duration) json.key(name).string(base::format_duration(*duration));
}

/// The members of a job, without the braces.
void write_members(JsonWriter& json, const domain::Job& job) {
  const auto& progress = job.progress;
  json.key("id").string(job.id);
  json.key("queue").string(job.queue);
  json.key("status").string(domain::to_string(progress.status));
  if (progress.reason != domain::Reason::none) json.key("reason").string(domain::to_string(progress.reason));
  json.key("payload").raw(job.payload);
  json.key("priority").number(job.priority);
  json.key("max_retries").number(job.max_retries);
  json.key("attempts").number(progress.attempts);
  json.key("failures").number(progress.failures);
  json.key("interruptions").number(progress.interruptions);
  if (progress.deferrals > 0) json.key("deferrals").number(progress.deferrals);
  if (progress.simulated) json.key("simulated").boolean(true);
  write_duration(json, "timeout", job.timeout);
  write_time(json, "enqueued_at", job.enqueued_at);
  if (progress.reason == domain::Reason::delayed || progress.reason == domain::Reason::backoff)
    write_time(json, "run_at", job.run_at);
  write_time(json, "started_at", job.started_at);
  write_time(json, "finished_at", job.finished_at);
  if (!job.last_error.empty()) json.key("last_error").string(job.last_error);
  if (job.result) json.key("result").raw(*job.result);
  if (job.lease) {
    json.key("lease").begin_object();
    if (!job.lease->worker.empty()) json.key("worker").string(job.lease->worker);
    json.key("expires_at").string(base::format_rfc3339(job.lease->expires_at));
    json.end_object();
  }
}

void write_reasons(JsonWriter& json, const engine::ReasonCounts& queued) {
  json.key("reasons").begin_object();
  for (const auto reason : domain::queued_reasons)
    json.key(domain::to_string(reason)).number(queued.of(reason));
  json.end_object();
}

void write_circuit(JsonWriter& json, const engine::Circuit& circuit) {
  json.key("circuit").begin_object();
  json.key("state").string(domain::to_string(circuit.state));
  json.key("failures").number(circuit.failures);
  write_duration(json, "probes_in", circuit.probes_in);
  json.end_object();
}

void write_last_minute(JsonWriter& json, const engine::LastMinute& minute) {
  json.key("last_minute").begin_object();
  json.key("enqueued").number(minute.enqueued);
  json.key("started").number(minute.started);
  json.key("done").number(minute.done);
  json.key("failed").number(minute.failed);
  json.end_object();
}

void write_scale(JsonWriter& json, const Scale& scale) {
  json.key("scale").begin_object();
  json.key("demand").number(scale.demand);
  json.key("oldest_ready_seconds")
      .raw(fmt::format("{}", static_cast<double>(scale.oldest_ready.count()) / 1'000));
  if (scale.workers_needed) json.key("workers_needed").number(*scale.workers_needed);
  json.end_object();
}

}  // namespace

void write_job(JsonWriter& json, const domain::Job& job) {
  json.begin_object();
  write_members(json, job);
  json.end_object();
}

void write_lease(JsonWriter& json, const engine::Claim& claim, std::string_view traceparent) {
  json.begin_object();
  write_members(json, claim.lease->job);
  json.key("lease").begin_object();
  json.key("token").string(std::to_string(claim.token));  // JavaScript reads numbers only up to 2^53.
  json.key("expires_at").string(base::format_rfc3339(claim.lease->expires_at));
  if (!traceparent.empty()) json.key("traceparent").string(traceparent);
  json.end_object();
  json.end_object();
}

void write_queue(JsonWriter& json, const engine::QueueState& queue, const Scale* scale) {
  json.begin_object();
  write_queue_members(json, queue, scale);
  json.end_object();
}

void write_queue_members(JsonWriter& json, const engine::QueueState& queue, const Scale* scale) {
  using domain::Status;
  json.key("name").string(queue.name);
  json.key("configured").boolean(queue.configured);
  const auto& processor = queue.processor;
  if (!processor.name.empty()) json.key("processor").string(processor.name);
  json.key("workers").number(processor.workers);
  if (!processor.fault.empty()) json.key("not_working").string(processor.fault);
  json.key("capacity").number(queue.capacity);
  if (queue.capacity_bytes) json.key("capacity_bytes").number(*queue.capacity_bytes);
  json.key("max_retries").number(queue.max_retries);
  write_duration(json, "timeout", queue.timeout);
  json.key("paused").boolean(queue.paused);
  json.key("queued").number(queue.counts.of(Status::queued));
  if (queue.capacity_bytes) json.key("queued_bytes").number(queue.queued_bytes);
  json.key("ready").number(queue.ready);
  json.key("running").number(queue.counts.of(Status::running));
  json.key("done").number(queue.counts.of(Status::done));
  json.key("failed").number(queue.counts.of(Status::failed));
  write_reasons(json, queue.queued);
  write_duration(json, "oldest_ready_age", queue.oldest_ready);
  if (queue.circuit) write_circuit(json, *queue.circuit);
  write_last_minute(json, queue.last_minute);
  if (scale != nullptr) write_scale(json, *scale);
}

}  // namespace jobqd::http
