#pragma once

#include <string_view>

#include <jobqd/domain/job.hpp>
#include <jobqd/engine/claim.hpp>
#include <jobqd/engine/operations.hpp>

#include "http/bodies/json_writer.hpp"
#include "http/bodies/scale.hpp"

/// How the things of the API look in JSON. docs/http-api.md documents the members.
namespace jobqd::http {

/// A job. Its payload and its result are written byte for byte as they came in.
void write_job(JsonWriter& json, const domain::Job& job);

/// The job of a leased claim together with its lease, as the worker gets it. `traceparent` may be empty.
void write_lease(JsonWriter& json, const engine::Claim& claim, std::string_view traceparent);

/// The state of a queue. `scale`: null in a list.
void write_queue(JsonWriter& json, const engine::QueueState& queue, const Scale* scale = nullptr);

/// The same without the braces, for those who write further members.
void write_queue_members(JsonWriter& json, const engine::QueueState& queue, const Scale* scale);

}  // namespace jobqd::http
