#include "http/bodies/history.hpp"

#include <initializer_list>
#include <utility>

#include <fmt/format.h>

#include <jobqd/base/duration.hpp>
#include <jobqd/base/rfc3339.hpp>

#include "http/bodies/scale.hpp"
#include "http/bodies/views.hpp"

namespace jobqd::http {

namespace {

using Figure = std::uint32_t HistoryPoint::*;

/// `write`: of a point that is there.
void write_series(JsonWriter& json, std::string_view name, const HistoryPoints& points, auto write) {
  json.key(name).begin_array();
  for (const auto& point : points)
    if (point)
      write(*point);
    else
      json.raw("null");
  json.end_array();
}

void write_counts(JsonWriter& json, const HistoryPoints& points,
                  std::initializer_list<std::pair<std::string_view, Figure>> figures) {
  for (const auto& [name, figure] : figures)
    write_series(json, name, points,
                 [&json, figure](const HistoryPoint& point) { json.number(point.*figure); });
}

void write_times(JsonWriter& json, const Timeline& timeline) {
  json.key("step").string(base::format_duration(timeline.step));
  json.key("since").string(base::format_rfc3339(timeline.since));
  json.key("until").string(base::format_rfc3339(timeline.until));
}

}  // namespace

void write_history(JsonWriter& json, std::string_view queue, const Timeline& timeline,
                   const HistoryPoints& points) {
  json.begin_object();
  json.key("queue").string(queue);
  write_times(json, timeline);
  write_counts(json, points,
               {{"enqueued", &HistoryPoint::enqueued},
                {"started", &HistoryPoint::started},
                {"done", &HistoryPoint::done},
                {"failed", &HistoryPoint::failed},
                {"ready", &HistoryPoint::ready},
                {"running", &HistoryPoint::running}});
  write_series(json, "oldest_ready_seconds", points, [&json](const HistoryPoint& point) {
    json.raw(fmt::format("{}", static_cast<double>(point.oldest_ready) / 1'000));
  });
  json.end_object();
}

void write_timeline(JsonWriter& json, const Timeline& timeline) {
  json.begin_object();
  write_times(json, timeline);
  json.end_object();
}

void write_queue_of_page(JsonWriter& json, const engine::QueueState& queue, const HistoryPoints& points) {
  const auto scale = scale_of(queue, std::nullopt);
  json.begin_object();
  write_queue_members(json, queue, &scale);
  if (!points.empty()) {
    json.key("history").begin_object();
    write_counts(
        json, points,
        {{"done", &HistoryPoint::done}, {"failed", &HistoryPoint::failed}, {"ready", &HistoryPoint::ready}});
    json.end_object();
  }
  json.end_object();
}

}  // namespace jobqd::http
