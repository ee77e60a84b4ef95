#include "stores/embedded/admission.hpp"

#include <utility>

#include <fmt/format.h>

#include <jobqd/base/size.hpp>

namespace jobqd::stores::embedded {

using domain::Error;
using domain::ErrorCode;

namespace {

Record make_record(Jobs& jobs, const domain::NewJob& job, std::uint64_t fingerprint, std::uint16_t queue,
                   base::Now now) {
  const auto& options = jobs.queues[queue].options;
  Record record;
  record.content = journal::JobBytes(job.id, job.payload, job.traceparent);
  record.fingerprint = fingerprint;
  record.queue = queue;
  record.priority = job.priority;
  record.max_retries = job.max_retries.value_or(options.max_retries);
  record.timeout_ms = static_cast<std::uint32_t>(job.timeout.value_or(options.timeout).count());
  const auto run_at = job.run_at.value_or(now.wall + job.delay.value_or(base::milliseconds{0}));
  const bool waits = run_at > now.wall;
  record.enqueued_at = PackedWall(now.wall);
  record.set_run_at(waits ? run_at : base::WallTime{});
  if (waits) {
    record.due = job.run_at ? jobs.calendar.steady(now, run_at) : now.steady + *job.delay;
    record.set_progress({.reason = domain::Reason::delayed}, jobs.table.histories());
  }
  return record;
}

Error can_never_fit(std::string_view what, std::string_view queue, std::string_view has,
                    std::string_view at_most) {
  return {.code = ErrorCode::invalid_field,
          .detail = fmt::format("{} can never fit queue \"{}\", which has {}", what, queue, has),
          .fields = {{"", fmt::format("at most {} for this queue", at_most)}}};
}

Error without_places(const engine::QueueOptions& queue, std::size_t wanted) {
  if (wanted > queue.capacity)
    return can_never_fit(fmt::format("{} jobs", wanted), queue.name, fmt::format("{} places", queue.capacity),
                         fmt::format("{} jobs", queue.capacity));
  return {.code = ErrorCode::queue_full,
          .detail = fmt::format("queue \"{}\" has {} places and no room for {} more job{}", queue.name,
                                queue.capacity, wanted, wanted == 1 ? "" : "s")};
}

Error without_bytes(const engine::QueueOptions& queue, std::size_t wanted) {
  const auto limit = base::format_size(queue.capacity_bytes);
  if (wanted > queue.capacity_bytes)
    return can_never_fit(fmt::format("{} bytes of ids and payloads", wanted), queue.name,
                         fmt::format("a capacity_bytes of {}", limit),
                         fmt::format("{} of ids and payloads", limit));
  return {
      .code = ErrorCode::queue_full,
      .detail = fmt::format("queue \"{}\" has a capacity_bytes of {} and no room for {} more bytes of ids "
                            "and payloads",
                            queue.name, limit, wanted)};
}

Error without_memory(const Payloads& payloads, std::size_t wanted) {
  const auto limit = base::format_size(payloads.budget());
  if (wanted > payloads.budget())
    return {.code = ErrorCode::invalid_field,
            .detail = fmt::format("{} bytes of payloads can never fit a MEMORY_BUDGET of {}", wanted, limit),
            .fields = {{"", fmt::format("at most {} of payloads", limit)}}};
  return {.code = ErrorCode::queue_full,
          .detail =
              fmt::format("the payloads of waiting jobs take {} bytes of a MEMORY_BUDGET of {}, which has no "
                          "room for {} more",
                          payloads.resident(), limit, wanted)};
}

}  // namespace

std::expected<Admission, Admission::Refusal> Admission::admit(Jobs& jobs,
                                                              std::vector<domain::NewJob>& submitted,
                                                              base::Now now) {
  Admission admission;
  auto admitted = [&]() -> std::expected<void, Refusal> {
    try {
      return admission.admit_all(jobs, submitted, now);
    } catch (...) {
      admission.erase_created(jobs);
      throw;
    }
  }();
  if (!admitted) {
    admission.erase_created(jobs);
    return std::unexpected(std::move(admitted.error()));
  }
  return admission;
}

std::expected<void, Admission::Refusal> Admission::admit_all(Jobs& jobs,
                                                             std::vector<domain::NewJob>& submitted,
                                                             base::Now now) {
  jobs_.reserve(submitted.size());
  for (std::size_t i = 0; i < submitted.size(); ++i) {
    auto admitted = admit_one(jobs, submitted[i], now);
    if (admitted) continue;
    for (auto& field : admitted.error().error.fields) field.pointer = fmt::format("/{}{}", i, field.pointer);
    return admitted;
  }
  return reserve_places(jobs);
}

std::expected<void, Admission::Refusal> Admission::admit_one(Jobs& jobs, domain::NewJob& job, base::Now now) {
  const auto queue = jobs.queues.find(job.queue);
  if (!queue) {
    Error error = no_such_queue(job.queue);
    error.fields = {{"/queue", "not a configured queue"}};
    return std::unexpected(Refusal{.error = std::move(error), .queue = {}});
  }
  const auto fingerprint = domain::fingerprint(job);
  const auto handle = jobs.table.find_id(job.id);
  if (handle == JobHandle{}) {
    const auto created = jobs.admit(make_record(jobs, job, fingerprint, *queue, now));
    jobs_.push_back({.handle = created, .id = std::move(job.id), .created = true});
    return {};
  }
  const Record& record = jobs.table.at(handle);
  if (record.fingerprint != fingerprint)
    return std::unexpected(
        Refusal{.error = {.code = ErrorCode::id_conflict,
                          .detail = fmt::format("job \"{}\" exists with other content", job.id),
                          .fields = {{"/id", "belongs to a job with other content"}}},
                .queue = job.queue});
  jobs_.push_back({.handle = handle,
                   .id = std::move(job.id),
                   .created = false,
                   .found = record.durable ? std::optional(record.status()) : std::nullopt});
  return {};
}

std::expected<void, Admission::Refusal> Admission::check_memory(const Jobs& jobs) const {
  if (!jobs.payloads.are_bounded()) return {};
  std::size_t bytes = 0;
  std::uint16_t queue = 0;
  for (const auto& job : jobs_) {
    if (!job.created) continue;
    const Record& record = jobs.table.at(job.handle);
    bytes += record.content.payload_size();
    queue = record.queue;
  }
  if (jobs.payloads.takes(bytes)) return {};
  return std::unexpected(
      Refusal{.error = without_memory(jobs.payloads, bytes), .queue = jobs.queues[queue].options.name});
}

Admission::RoomByQueue Admission::room_of_created(const Jobs& jobs) const {
  RoomByQueue rooms;
  for (const auto& job : jobs_) {
    if (!job.created) continue;
    if (const Record* record = jobs.table.find(job.handle)) rooms[record->queue] += record->room();
  }
  return rooms;
}

std::expected<void, Admission::Refusal> Admission::reserve_places(Jobs& jobs) const {
  if (auto fits = check_memory(jobs); !fits) return fits;
  const auto wanted = room_of_created(jobs);
  for (auto it = wanted.begin(); it != wanted.end(); ++it) {
    auto& queue = jobs.queues[it->first];
    const auto lack = queue.places.try_take(it->second);
    if (lack == Lack::nothing) continue;
    for (auto taken = wanted.begin(); taken != it; ++taken)
      jobs.queues[taken->first].places.release(taken->second);
    return std::unexpected(Refusal{.error = lack == Lack::places
                                                ? without_places(queue.options, it->second.jobs)
                                                : without_bytes(queue.options, it->second.bytes),
                                   .queue = queue.options.name});
  }
  return {};
}

void Admission::erase_created(Jobs& jobs) const {
  for (const auto& job : jobs_)
    if (job.created) jobs.table.erase(job.handle);
}

boost::container::small_vector<Record*, 1> Admission::created(Jobs& jobs) const {
  boost::container::small_vector<Record*, 1> records;
  for (const auto& job : jobs_)
    if (job.created) records.push_back(&jobs.table.at(job.handle));
  return records;
}

void Admission::acknowledge(Jobs& jobs, Effects& effects, engine::Observer& observer) const {
  for (const auto& job : jobs_) {
    Record* record = jobs.table.find(job.handle);
    if (record == nullptr) continue;  // It was forgotten meanwhile.
    auto& figures = jobs.queues[record->queue].figures;
    if (!job.created) {
      ++figures.totals.deduplicated;
      continue;
    }
    record->durable = true;
    figures.enqueued.add(effects.now.steady);
    ++figures.totals.enqueued;
    if (record->history() != nullptr) continue;  // A remote worker was waiting for it.
    record->batch = {};
    jobs.enter(effects, job.handle);
  }
  for (const auto& [queue, room] : room_of_created(jobs))
    effects.call([&observer, name = jobs.queues[queue].options.name, count = room.jobs] {
      observer.submitted(name, count);
    });
}

void Admission::withdraw(Jobs& jobs, Attempts& attempts, Effects& effects) const {
  for (const auto& job : jobs_) {
    if (!job.created) continue;
    const Record* record = jobs.table.find(job.handle);
    if (record != nullptr && record->status() == domain::Status::running)
      attempts.end(effects, job.handle, engine::Unstarted{.why = "the job could not be written"});
    jobs.withdraw(effects, job.handle);
  }
}

engine::Expected<std::vector<engine::Submitted>> Admission::answer(Jobs& jobs) && {
  std::vector<engine::Submitted> answers;
  answers.reserve(jobs_.size());
  for (auto& job : jobs_) {
    const Record* record = jobs.table.find(job.handle);
    auto status = record != nullptr ? std::optional(record->status()) : job.found;
    if (job.created) status = domain::Status::queued;
    if (!status)  // The request that made this job failed while this one waited.
      return std::unexpected(unavailable(fmt::format("job \"{}\" was not kept", job.id)));
    answers.push_back({.id = std::move(job.id), .status = *status, .created = job.created});
  }
  return answers;
}

Error no_such_queue(std::string_view name) {
  return {.code = ErrorCode::queue_not_found, .detail = fmt::format("there is no queue named \"{}\"", name)};
}

Error not_leased(std::string_view queue) {
  return {.code = ErrorCode::invalid_field,
          .detail = fmt::format("the jobs of queue \"{}\" run in the daemon and are not leased; that takes "
                                "processor = \"remote\"",
                                queue)};
}

Error unavailable(std::string why) {
  return {.code = ErrorCode::store_unavailable, .detail = std::move(why)};
}

}  // namespace jobqd::stores::embedded
