#pragma once

#include <string>
#include <string_view>

#include <jobqd/domain/job.hpp>
#include <jobqd/engine/store.hpp>

/// JSON out. Payloads and results are put in as the text they came as, so the whole is written, not built.
namespace jobqd::http {

/// `text` as a JSON string, quotes included. What is not UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);
[[nodiscard]] std::string json_string(std::string_view text);

/// The queue as the HTTP API shows it.
void append_queue(std::string& out, const engine::QueueState& queue);

/// The job as the HTTP API shows it.
void append_job(std::string& out, const domain::Job& job);

}  // namespace jobqd::http
