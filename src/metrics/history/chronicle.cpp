#include "metrics/history/chronicle.hpp"

#include <algorithm>

#include <jobqd/base/check.hpp>

#include "metrics/history/points.hpp"

namespace jobqd::metrics::history {

namespace {

/// In units in which rings count: halves of an interval.
Slot half_steps_of(http::HistorySpan span) {
  return span.step * 2 / (span.step < coarse_step ? fine_step : coarse_step);
}

}  // namespace

Chronicle::Chronicle(base::Now start, std::size_t max_bytes)
    : start_(start.steady),
      origin_(start.steady - start.wall.time_since_epoch() % coarse_step),
      max_bytes_(max_bytes),
      fine_(slot_of(start.steady), fine_points),
      coarse_(slot_of(start.steady) / fine_in_coarse, coarse_points) {}

void Chronicle::begin(base::Now now) {
  JOBQD_CHECK(now.steady >= due());
  const auto ended = slot_of(now.steady) - 1;
  fine_.skip_to(ended);
  const auto coarse = ended / fine_in_coarse;
  if (coarse > coarse_.end() && coarse_begun_) end_coarse();
  coarse_.skip_to(coarse);
}

Chronicle::Totals Chronicle::totals_of(const engine::QueueCounts& queue) {
  using enum engine::AttemptOutcome;
  const auto& totals = queue.totals;
  return {.enqueued = totals.enqueued,
          .started = totals.ran.total() + queue.counts.of(domain::Status::running),
          .done = totals.ended(done),
          .failed = totals.ended(failed) + totals.ended(rejected) + totals.ended(timeout)};
}

void Chronicle::add(const engine::QueueCounts& queue) {
  auto totals = totals_of(queue);
  http::HistoryPoint point{.ready = saturated(queue.ready),
                           .running = saturated(queue.counts.of(domain::Status::running)),
                           .oldest_ready = saturated(static_cast<std::uint64_t>(queue.oldest_ready.count()))};
  auto followed = followed_.find(queue.name);
  if (followed == followed_.end()) {
    if (point == http::HistoryPoint{} && totals.enqueued + totals.started == 0) return;
    followed = followed_.emplace(queue.name, Followed{.number = ++last_number_}).first;
  }
  auto& known = followed->second;
  auto& before = known.totals;
  // It was removed and added again since the last sample.
  if (totals.enqueued < before.enqueued || totals.done < before.done || totals.failed < before.failed)
    before = {};
  point.enqueued = saturated(totals.enqueued - before.enqueued);
  // An attempt that never began is taken back, and counts when it starts again.
  totals.started = std::max(totals.started, before.started);
  point.started = saturated(totals.started - before.started);
  point.done = saturated(totals.done - before.done);
  point.failed = saturated(totals.failed - before.failed);
  before = totals;
  known.point = point;
  known.seen = true;
}

void Chronicle::end_baseline() {
  forget_gone();
}

void Chronicle::end() {
  forget_gone();
  fine_.add(entries(&Followed::point));
  for (auto& [name, queue] : followed_) {
    add_counts(queue.coarse, queue.point);
    set_levels(queue.coarse, queue.point);
  }
  coarse_begun_ = true;
  if (fine_.end() % fine_in_coarse == 0) end_coarse();
  keep_within_bounds();
}

void Chronicle::forget_gone() {
  std::erase_if(followed_, [](const auto& queue) { return !queue.second.seen; });
  for (auto& [name, queue] : followed_) queue.seen = false;
}

std::vector<Entry> Chronicle::entries(http::HistoryPoint Followed::* point) const {
  const auto shows = [point](const auto& queue) { return queue.second.*point != http::HistoryPoint{}; };
  std::vector<Entry> entries;
  entries.reserve(static_cast<std::size_t>(std::ranges::count_if(followed_, shows)));
  for (const auto& queue : followed_)
    if (shows(queue)) entries.push_back({.queue = queue.second.number, .point = queue.second.*point});
  std::ranges::sort(entries, {}, &Entry::queue);
  return entries;
}

void Chronicle::end_coarse() {
  coarse_.add(entries(&Followed::coarse));
  for (auto& [name, queue] : followed_) queue.coarse = {};
  coarse_begun_ = false;
}

void Chronicle::keep_within_bounds() {
  while (bytes() > max_bytes_ && !coarse_.empty()) coarse_.drop_oldest();
  while (bytes() > max_bytes_ && !fine_.empty()) fine_.drop_oldest();
}

std::size_t Chronicle::bytes() const {
  return fine_.bytes() + coarse_.bytes() + followed_.size() * bytes_of_followed;
}

const Ring& Chronicle::ring_for(http::HistorySpan span) const {
  return span.step < coarse_step ? fine_ : coarse_;
}

http::HistoryPoints Chronicle::read(std::string_view queue, http::HistorySpan span) const {
  const auto followed = followed_.find(queue);
  const auto number = followed == followed_.end() ? std::nullopt : std::optional(followed->second.number);
  return read_points(ring_for(span), number, half_steps_of(span), span.points);
}

http::Timeline Chronicle::timeline(http::HistorySpan span, base::Now now) const {
  const auto on_calendar = [&now](base::SteadyTime time) {
    return base::WallTime(
        std::chrono::round<std::chrono::seconds>(now.wall.time_since_epoch() + (time - now.steady)));
  };
  const auto& ring = ring_for(span);
  const auto interval = &ring == &fine_ ? fine_step : coarse_step;
  return {.step = span.step,
          .until = on_calendar(origin_ + end_of_points(ring, half_steps_of(span)) * interval / 2),
          .since = on_calendar(std::max(start_, origin_ + ring.begin() * interval))};
}

}  // namespace jobqd::metrics::history
