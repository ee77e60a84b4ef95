#include "stores/simulation/model.hpp"

#include <algorithm>
#include <utility>

namespace jobqd::stores::simulation {

using base::milliseconds;
using domain::NewJob;
using domain::Reason;
using domain::Status;
using engine::StopCause;

namespace {

bool same_content(const NewJob& a, const NewJob& b) {
  return a.queue == b.queue && a.payload == b.payload && a.max_retries == b.max_retries &&
         a.priority == b.priority && a.delay == b.delay && a.run_at == b.run_at && a.timeout == b.timeout;
}

void ask_to_stop(Model::Entry& entry, StopCause cause) {
  if (entry.cause == StopCause::none || cause == StopCause::cancelled) entry.cause = cause;
}

}  // namespace

bool Model::Entry::ready() const {
  return durable && is(Status::queued) && job.progress.reason == Reason::ready;
}

bool Model::Entry::finished() const {
  return is(Status::done) || is(Status::failed);
}

std::optional<Age> Model::find_any(std::string_view id) const {
  for (const auto& [age, entry] : jobs_)
    if (entry.job.id == id) return age;
  return std::nullopt;
}

std::optional<Age> Model::find(std::string_view id) const {
  const auto age = find_any(id);
  return age && at(*age).durable ? age : std::nullopt;
}

const QueueOptions* Model::queue(std::string_view name) const {
  const auto found = std::ranges::find(options_.queues, name, &QueueOptions::name);
  return found == options_.queues.end() ? nullptr : &*found;
}

std::size_t Model::places(std::string_view queue) const {
  return static_cast<std::size_t>(std::ranges::count_if(jobs_, [&](const auto& job) {
    return job.second.job.queue == queue && job.second.is(Status::queued);
  }));
}

std::size_t Model::bytes(std::string_view queue) const {
  std::size_t bytes = 0;
  for (const auto& [age, entry] : jobs_)
    if (entry.job.queue == queue && entry.is(Status::queued))
      bytes += entry.job.id.size() + entry.job.payload.size();
  return bytes;
}

// --- clients ----------------------------------------------------------------------------------------

std::expected<Model::Admission, ErrorCode> Model::admit(const std::vector<NewJob>& jobs, Now now,
                                                        std::uint64_t batch) {
  if (in_trouble) return std::unexpected(ErrorCode::store_unavailable);
  Admission admission;
  std::optional<ErrorCode> refused;
  for (const auto& job : jobs) {
    const auto admitted = admit_one(job, now, batch);
    if (!admitted) refused = admitted.error();
    if (refused) break;
    admission.push_back(*admitted);
  }
  if (!refused) refused = places_for(admission);
  if (!refused) return admission;
  withdraw(admission);
  return std::unexpected(*refused);
}

std::expected<Model::Admitted, ErrorCode> Model::admit_one(const NewJob& job, Now now, std::uint64_t batch) {
  const auto* to = queue(job.queue);
  if (to == nullptr) return std::unexpected(ErrorCode::queue_not_found);
  if (const auto known = find_any(job.id)) {
    const Entry& entry = at(*known);
    if (!same_content(entry.submitted, job)) return std::unexpected(ErrorCode::id_conflict);
    return Admitted{.age = *known,
                    .id = job.id,
                    .created = false,
                    .found = entry.durable ? std::optional(entry.job.progress.status) : std::nullopt};
  }
  Entry entry;
  entry.submitted = job;
  entry.batch = batch;
  entry.job = {.id = job.id,
               .queue = job.queue,
               .payload = job.payload,
               .progress = {},
               .priority = job.priority,
               .max_retries = job.max_retries.value_or(to->max_retries),
               .timeout = job.timeout,
               .enqueued_at = now.wall};
  const auto wait = job.run_at ? *job.run_at - now.wall : job.delay.value_or(milliseconds{0});
  if (wait > milliseconds{0}) {
    entry.job.progress.reason = Reason::delayed;
    entry.job.run_at = now.wall + wait;
    entry.due = now.steady + wait;
  }
  jobs_.emplace(++last_age_, std::move(entry));
  return Admitted{.age = last_age_, .id = job.id, .created = true};
}

/// Of jobs that are already in the list.
std::optional<ErrorCode> Model::places_for(const Admission& admission) const {
  for (const auto& queue : options_.queues) {
    const auto& name = queue.name;
    const auto wanted = static_cast<std::size_t>(std::ranges::count_if(
        admission, [&](const Admitted& job) { return job.created && at(job.age).job.queue == name; }));
    if (wanted > queue.capacity) return ErrorCode::invalid_field;
    if (wanted > 0 && places(name) > queue.capacity) return ErrorCode::queue_full;
  }
  return std::nullopt;
}

void Model::acknowledge(const Admission& admission) {
  for (const auto& admitted : admission) {
    if (!admitted.created) continue;
    Entry& entry = jobs_.at(admitted.age);
    entry.durable = true;
    if (!entry.due) make_ready(entry, {.turn = ++last_turn_});
  }
}

void Model::withdraw(const Admission& admission) {
  for (const auto& admitted : admission)
    if (admitted.created) jobs_.erase(admitted.age);
}

std::expected<std::vector<engine::Submitted>, ErrorCode> Model::answer(const Admission& admission) const {
  std::vector<engine::Submitted> answers;
  for (const auto& [age, id, created, found] : admission) {
    const auto status = knows(age) ? std::optional(at(age).job.progress.status) : found;
    if (!status) return std::unexpected(ErrorCode::store_unavailable);
    answers.push_back({.id = id, .status = *status, .created = created});
  }
  return answers;
}

std::expected<Age, ErrorCode> Model::find_to_change(std::string_view id) const {
  if (in_trouble) return std::unexpected(ErrorCode::store_unavailable);
  const auto age = find(id);
  if (!age) return std::unexpected(ErrorCode::job_not_found);
  return *age;
}

std::expected<Age, ErrorCode> Model::cancel(std::string_view id, Now now, std::uint64_t batch) {
  const auto age = find_to_change(id);
  if (!age) return age;
  Entry& entry = jobs_.at(*age);
  if (entry.finished()) return std::unexpected(ErrorCode::wrong_status);
  if (entry.is(Status::running)) {
    ask_to_stop(entry, StopCause::cancelled);
    entry.job.progress.reason = Reason::cancelled;
    entry.batch = batch;
    return age;
  }
  entry.batch = batch;
  finish(*age, Status::failed, Reason::cancelled, now);
  return age;
}

std::expected<Age, ErrorCode> Model::retry(std::string_view id, Now now, std::uint64_t batch) {
  const auto age = find_to_change(id);
  if (!age) return age;
  Entry& entry = jobs_.at(*age);
  if (!entry.is(Status::failed)) return std::unexpected(ErrorCode::wrong_status);
  std::erase(finished_, *age);
  entry.job.progress = {.status = Status::queued, .attempts = entry.job.progress.attempts};
  entry.job.finished_at.reset();
  entry.job.run_at = now.wall;
  entry.batch = batch;
  make_ready(entry, {.turn = ++last_turn_});
  return age;
}

std::expected<Age, ErrorCode> Model::remove(std::string_view id) {
  const auto age = find_to_change(id);
  if (!age) return age;
  if (at(*age).is(Status::running)) return std::unexpected(ErrorCode::wrong_status);
  std::erase(finished_, *age);
  jobs_.erase(*age);
  return age;
}

// --- workers ----------------------------------------------------------------------------------------

std::vector<Age> Model::startable(std::string_view queue) const {
  std::vector<Age> first;
  const auto before = [](const Entry& a, const Entry& b) {
    return a.job.priority != b.job.priority ? a.job.priority > b.job.priority : a.order < b.order;
  };
  for (const auto& [age, entry] : jobs_) {
    if (!entry.ready() || entry.job.queue != queue) continue;
    if (!first.empty() && before(entry, at(first.front()))) first.clear();
    if (first.empty() || !before(at(first.front()), entry)) first.push_back(age);
  }
  return first;
}

void Model::start(Age age, engine::FencingToken token, Now now, std::uint64_t batch) {
  Entry& entry = jobs_.at(age);
  entry.job.progress.status = Status::running;
  entry.job.progress.reason = Reason::none;
  ++entry.job.progress.attempts;
  entry.job.started_at = now.wall;
  entry.job.run_at.reset();
  entry.token = token;
  entry.cause = StopCause::none;
  entry.batch = batch;
  entry.due.reset();
  if (entry.job.timeout) entry.due = now.steady + *entry.job.timeout;
}

void Model::settle(Age age, const engine::Outcome& outcome, StopCause decided,
                   std::optional<milliseconds> delay, Now now, std::uint64_t batch) {
  Entry& entry = jobs_.at(age);
  auto& progress = entry.job.progress;
  entry.batch = batch;
  entry.due.reset();
  const bool cancelled_since = entry.cause == StopCause::cancelled;
  if (const auto* done = std::get_if<engine::Done>(&outcome)) {
    entry.job.last_error.clear();
    entry.job.result = done->result;
    return finish(age, Status::done, Reason::none, now);
  }
  if (decided == StopCause::cancelled) return fail(age, Reason::cancelled, "cancelled while running", now);
  if (const auto* rejected = std::get_if<engine::Fail>(&outcome))
    return fail(age, Reason::rejected, rejected->error, now);

  const auto* retry = std::get_if<engine::Retry>(&outcome);
  const bool failure = retry != nullptr || decided == StopCause::timed_out;
  if (!failure)
    return cancelled_since ? fail(age, Reason::cancelled, "cancelled while running", now)
                           : interrupt(age, now);
  const auto error = retry != nullptr
                         ? retry->error
                         : "timed out after " + std::to_string(entry.job.timeout->count()) + " ms";
  if (progress.failures == entry.job.max_retries) return fail(age, Reason::exhausted, error, now);
  if (cancelled_since) return fail(age, Reason::cancelled, "cancelled while running", now);
  ++progress.failures;
  progress.status = Status::queued;
  progress.reason = Reason::backoff;
  entry.job.last_error = error;
  entry.job.run_at = now.wall + delay.value();
  entry.due = now.steady + delay.value();
}

void Model::interrupt(Age age, Now now) {
  Entry& entry = jobs_.at(age);
  const auto times = ++entry.job.progress.interruptions;
  if (times > options_.interruptions_max) {
    entry.job.last_error = "interrupted " + std::to_string(times) + " times";
    return finish(age, Status::failed, Reason::interrupted, now);
  }
  entry.job.progress.status = Status::queued;
  entry.job.run_at = now.wall;
  make_ready(entry, {.turn = ++last_turn_});
}

void Model::make_ready(Entry& entry, Order order) {
  entry.job.progress.reason = Reason::ready;
  entry.due.reset();
  entry.order = order;
}

void Model::fail(Age age, Reason reason, std::string error, Now now) {
  Entry& entry = jobs_.at(age);
  if (reason != Reason::cancelled) ++entry.job.progress.failures;
  entry.job.last_error = std::move(error);
  finish(age, Status::failed, reason, now);
}

void Model::finish(Age age, Status status, Reason reason, Now now) {
  Entry& entry = jobs_.at(age);
  entry.job.progress.status = status;
  entry.job.progress.reason = reason;
  entry.job.finished_at = now.wall;
  entry.job.run_at.reset();
  entry.due = now.steady + options_.retention;
  finished_.push_back(age);
}

// --- time -------------------------------------------------------------------------------------------

void Model::tick(Now now) {
  ++last_turn_;
  for (auto& [age, entry] : jobs_) {
    if (!entry.durable || entry.finished() || !entry.due || *entry.due > now.steady) continue;
    if (entry.is(Status::queued)) {
      make_ready(entry, {.turn = last_turn_, .due = *entry.due});
    } else {
      ask_to_stop(entry, StopCause::timed_out);
      entry.due.reset();
    }
  }
  forget_finished(now);
}

bool Model::too_many_finished(Now now) const {
  std::size_t bytes = 0;
  for (const auto age : finished_) {
    const auto& job = at(age).job;
    bytes += job.payload.size() + job.last_error.size() + job.result.value_or("").size();
  }
  return finished_.size() > options_.retention_max || bytes > options_.retention_bytes ||
         *at(finished_.front()).due <= now.steady;
}

void Model::forget_finished(Now now) {
  while (!finished_.empty() && too_many_finished(now)) {
    jobs_.erase(finished_.front());
    finished_.pop_front();
  }
}

void Model::stop_attempts() {
  for (auto& [age, entry] : jobs_)
    if (entry.is(Status::running)) ask_to_stop(entry, StopCause::shutdown);
}

std::optional<SteadyTime> Model::next_due() const {
  std::optional<SteadyTime> next;
  for (const auto& [age, entry] : jobs_)
    if (entry.durable && entry.due && (!next || *entry.due < *next)) next = entry.due;
  return next;
}

std::optional<SteadyTime> Model::next_start() const {
  std::optional<SteadyTime> next;
  for (const auto& [age, entry] : jobs_) {
    if (!entry.durable || !entry.is(Status::queued)) continue;
    const auto at = entry.ready() ? SteadyTime::min() : *entry.due;
    if (!next || at < *next) next = at;
  }
  return next;
}

}  // namespace jobqd::stores::simulation
