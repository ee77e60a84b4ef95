#include "stores/embedded/payloads.hpp"

#include <algorithm>
#include <utility>

namespace jobqd::stores::embedded {

namespace {

/// How many entries a look may visit: some of them may be gaps.
constexpr std::size_t most_visited = 4 * Payloads::window_jobs;

}  // namespace

void Payloads::begin_wait(Record& record) {
  if (!record.content.has_payload()) return;
  if (!record.durable || stays(queues_[record.queue], weight(record)))
    count(record);
  else
    record.content = record.content.without_payload();
}

bool Payloads::stays(const Queue& queue, std::size_t bytes) const {
  if (!spills_ || bytes == 0) return true;
  // A part is kept for the windows of queues whose later jobs are on disk: this job comes behind them.
  const auto limit = queue.payloads.on_disk > 0 ? budget_ - budget_ / 4 : budget_;
  if (resident_ + bytes <= limit) return true;
  return queue.payloads.on_disk == 0 && queue.payloads.resident_bytes + bytes <= least_window();
}

void Payloads::count(const Record& record) {
  const auto bytes = weight(record);
  resident_ += bytes;
  most_resident_ = std::max(most_resident_, resident_);
  queues_[record.queue].payloads.resident_bytes += bytes;
}

void Payloads::end_wait(const Record& record) {
  if (!record.content.has_payload()) return;
  const auto bytes = weight(record);
  resident_ -= bytes;
  queues_[record.queue].payloads.resident_bytes -= bytes;
}

bool Payloads::next_is_here(Effects& effects, std::uint16_t index) {
  auto& queue = queues_[index];
  if (queue.payloads.on_disk == 0) return true;
  const Record& next = table_.at(table_.handle(*queue.ready.next()));
  const bool here = next.content.has_payload();
  if (here ? queue.payloads.starts_until_look == 0 : !next.awaited)
    look_ahead(effects, index);
  else if (here)
    --queue.payloads.starts_until_look;
  return here;
}

void Payloads::look_ahead(Effects& effects, std::uint16_t index) {
  if (failed_until_) return;
  auto& queue = queues_[index];
  const auto used = resident_ + asked_;
  const auto room = std::max(budget_ > used ? budget_ - used : 0, least_window());
  Asked wanted;
  std::size_t bytes = 0;
  std::size_t jobs = 0;
  queue.ready.visit_in_order(most_visited, [&](JobSlot slot) {
    const auto job = table_.handle(slot);
    Record& record = table_.at(job);
    const auto weighs = weight(record);
    const bool asks = !record.content.has_payload() && !record.awaited;
    if (jobs > 0 && (bytes + weighs > window_bytes || (asks && wanted.bytes + weighs > room))) return false;
    ++jobs;
    bytes += weighs;
    if (asks) {
      record.awaited = true;
      wanted.bytes += weighs;
      wanted.jobs.push_back(job);
    }
    return jobs < window_jobs;
  });
  queue.payloads.starts_until_look = static_cast<std::uint32_t>(jobs / 2);
  if (wanted.jobs.empty()) return;
  asked_ += wanted.bytes;
  effects.call([this, wanted = std::move(wanted)]() mutable { ask_(std::move(wanted)); });
}

std::vector<JobHandle> Payloads::arrived(Effects& effects, const Asked& asked, journal::ReadPayloads read) {
  std::vector<JobHandle> damaged;
  asked_ -= asked.bytes;
  if (!read) {
    failed_until_ = effects.now.steady + try_again;
    effects.wants_tick(*failed_until_);
  }
  for (std::size_t i = 0; i < asked.jobs.size(); ++i) {
    Record* record = table_.find(asked.jobs[i]);
    if (record == nullptr) continue;
    record->awaited = false;
    if (!read || record->content.has_payload()) continue;
    auto& content = (*read)[i];
    if (!content || !take_in(effects, *record, *std::move(content))) damaged.push_back(asked.jobs[i]);
  }
  return damaged;
}

bool Payloads::take_in(Effects& effects, Record& record, journal::JobBytes content) {
  if (content.id() != record.content.id() || content.payload_size() != record.content.payload_size())
    return false;
  const bool is_ready = record.due.is_none();
  if (is_ready) left_ready(record);
  record.content = std::move(content);
  count(record);
  if (is_ready) effects.may_start(record.queue);
  return true;
}

std::optional<base::SteadyTime> Payloads::tick(Effects& effects) {
  if (!failed_until_) return std::nullopt;
  if (effects.now.steady < *failed_until_) return failed_until_;
  failed_until_.reset();
  for (std::uint16_t i = 0; auto& queue : queues_) {
    if (queue.payloads.on_disk > 0) effects.may_start(i);
    ++i;
  }
  return std::nullopt;
}

}  // namespace jobqd::stores::embedded
