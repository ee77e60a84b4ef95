// Bodies of enqueues and of remote workers: what is accepted keeps the limits, and what is refused says so in
// a problem that is JSON.

#include <nlohmann/json.hpp>

#include <jobqd/domain/limits.hpp>

#include "fuzz/require.hpp"
#include "http/bodies/enqueue_parser.hpp"
#include "http/bodies/remote_body.hpp"
#include "http/message.hpp"

namespace {

using namespace jobqd;
namespace limits = domain::limits;

void check_refusal(const domain::Error& error) {
  const auto answer = http::problem(error);
  fuzz::require(answer.status >= 400 && answer.status < 500, "a refused body is the client's fault",
                answer.body);
  fuzz::require(nlohmann::json::accept(answer.body), "a problem is JSON", answer.body);
}

void check_job(const domain::NewJob& job) {
  fuzz::require(job.id.size() <= limits::id_bytes, "an id keeps its limit", job.id);
  fuzz::require(job.queue.size() <= limits::queue_bytes, "the name of a queue keeps its limit", job.queue);
  fuzz::require(nlohmann::json::accept(job.payload), "a payload is JSON", job.payload);
  fuzz::require(job.max_retries.value_or(0) <= limits::max_retries, "max_retries keeps its limit");
  fuzz::require(job.priority >= limits::priority_lowest && job.priority <= limits::priority_highest,
                "a priority keeps its limits");
  fuzz::require(!job.delay || (job.delay->count() >= 0 && *job.delay <= limits::delay_longest),
                "a delay keeps its limit");
  fuzz::require(!job.timeout || (job.timeout->count() > 0 && *job.timeout <= limits::timeout_longest),
                "a timeout keeps its limit");
  fuzz::require(!job.delay || !job.run_at, "a job has a delay or a time");
  (void)domain::fingerprint(job);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body = fuzz::text_of(data, size);
  const auto jobs = http::parse_enqueue(body);
  if (jobs) {
    fuzz::require(!jobs->jobs.empty() && jobs->jobs.size() <= limits::batch_jobs, "a body keeps its limit");
    for (const auto& job : jobs->jobs) check_job(job);
  } else {
    check_refusal(jobs.error());
  }
  for (const auto call : {http::RemoteCall::lease, http::RemoteCall::heartbeat, http::RemoteCall::complete,
                          http::RemoteCall::fail}) {
    const auto remote = http::parse_remote(call, body);
    if (!remote)
      check_refusal(remote.error());
    else if (remote->result)
      fuzz::require(nlohmann::json::accept(*remote->result), "a result is JSON", *remote->result);
  }
  return 0;
}
