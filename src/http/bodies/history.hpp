#pragma once

#include <string>

#include <jobqd/engine/operations.hpp>
#include <jobqd/http/queue_history.hpp>

#include "http/bodies/json_writer.hpp"

namespace jobqd::http {

/// What happened to the jobs of a queue: where it is in time, and a series for each figure. Queues that have
/// no point at a time show null there.
void write_history(JsonWriter& json, std::string_view queue, const Timeline& timeline,
                   const HistoryPoints& points);

/// Where the histories of a page are in time.
void write_timeline(JsonWriter& json, const Timeline& timeline);

/// A queue of a page: its state with `scale`, and the series of its history that a list shows, if there are
/// points.
void write_queue_of_page(JsonWriter& json, const engine::QueueState& queue, const HistoryPoints& points);

}  // namespace jobqd::http
