#pragma once

#include <jobqd/domain/job.hpp>
#include <jobqd/engine/claim.hpp>
#include <jobqd/engine/operations.hpp>

#include "http/bodies/json_writer.hpp"

/// How the things of the API look in JSON. docs/http-api.md documents the members.
namespace jobqd::http {

/// A job. Its payload and its result are written byte for byte as they came in.
void write_job(JsonWriter& json, const domain::Job& job);

/// The job of a leased claim together with its lease, as the worker gets it.
void write_lease(JsonWriter& json, const engine::Claim& claim);

/// The state of a queue.
void write_queue(JsonWriter& json, const engine::QueueState& queue);

}  // namespace jobqd::http
