#pragma once

#include <string>

#include <jobqd/domain/job.hpp>
#include <jobqd/engine/store.hpp>

/// JSON out. Payloads and results are put in as the text they came as, so the whole is written, not built.
namespace jobqd::http {

/// The queue as the HTTP API shows it.
void append_queue(std::string& out, const engine::QueueState& queue);

/// The job as the HTTP API shows it.
void append_job(std::string& out, const domain::Job& job);

}  // namespace jobqd::http
