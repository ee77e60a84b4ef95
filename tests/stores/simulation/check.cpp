// Checks whether store and model agree.

#include <algorithm>
#include <ranges>
#include <utility>

#include "stores/simulation/simulation.hpp"

namespace jobqd::stores::simulation {

using domain::NewJob;
using domain::Status;
using support::Caught;
using support::result_of;

namespace {

/// The transitions of a job's status that one step may make.
bool may_follow(Status before, Status after) {
  using enum Status;
  switch (before) {
    case queued:
      return after == running || after == failed;
    case running:
      return after == queued || after == done || after == failed;
    case failed:
      return after == queued;
    case done:
      return false;
  }
  return false;
}

std::string time_told(const std::optional<base::WallTime>& time) {
  return time ? std::to_string(time->time_since_epoch().count()) : "never";
}

}  // namespace

bool same(const domain::Job& a, const domain::Job& b) {
  return a.id == b.id && a.queue == b.queue && a.payload == b.payload && a.progress == b.progress &&
         a.priority == b.priority && a.max_retries == b.max_retries && a.timeout == b.timeout &&
         a.enqueued_at == b.enqueued_at && a.run_at == b.run_at && a.started_at == b.started_at &&
         a.finished_at == b.finished_at && a.last_error == b.last_error && a.result == b.result;
}

std::string told(const domain::Job& job) {
  const auto& [status, reason, deferrals, simulated, attempts, failures, interruptions] = job.progress;
  return fmt::format(
      "{{{} {} {}/{} simulated={} attempts={} failures={}/{} interruptions={} priority={} payload={} "
      "enqueued={} run={} "
      "started={} "
      "finished={} error={} result={}}}",
      job.id, job.queue, to_string(status), to_string(reason), simulated, attempts, failures, job.max_retries,
      interruptions, job.priority, job.payload, time_told(job.enqueued_at), time_told(job.run_at),
      time_told(job.started_at), time_told(job.finished_at), job.last_error, job.result.value_or("none"));
}

void Simulation::disagree(const std::string& about) const {
  std::string all = about + "\nafter:";
  for (const auto& step : trace_) all += "\n  " + step;
  throw Disagreement(all);
}

void Simulation::check() {
  check_jobs();
  check_counts();
  check_times();
  check_claims();
  check_answers();
  check_places();
  check_crash();
}

/// Every acknowledged job exists as in the model, and no other job does.
void Simulation::check_jobs() {
  const auto page =
      result_of<engine::JobPage>([&](auto done) { store_->list({.limit = 1'000}, std::move(done)); });
  require(page.has_value(), "a list was refused");
  auto listed = page->jobs.begin();
  for (const auto& [age, entry] : std::views::reverse(model_.jobs())) {
    if (!entry.durable) continue;
    require(listed != page->jobs.end(), "{} is lost", entry.job);
    require(same(*listed, entry.job), "the store has {}\n  and the model {}", *listed, entry.job);
    check_history(age, *listed);
    ++listed;
  }
  require(listed == page->jobs.end() && page->next == 0, "the store has a job that the model has not");
}

/// What is true of every job, independently of the model.
void Simulation::check_history(Age age, const domain::Job& job) {
  const auto& now = job.progress;
  const auto [entry, first] = seen_.try_emplace(age, now);
  const auto before = std::exchange(entry->second, now);
  require(!first || (now.status == Status::queued && now.attempts == 0),
          "{} begins in the middle of its life", job);
  require(now.status == before.status || may_follow(before.status, now.status), "{} was {}", job,
          to_string(before.status));
  require(now.attempts >= before.attempts && now.attempts <= before.attempts + 1, "{} had {} attempts", job,
          before.attempts);
  require(now.failures <= job.max_retries + 1U, "{} failed too often", job);
  require(now.failures + now.interruptions <= now.attempts, "{} failed more often than it ran", job);
  const bool exhausted = now.reason == domain::Reason::exhausted;
  require(!exhausted || now.failures == job.max_retries + 1U, "{} is not exhausted", job);
}

void Simulation::check_counts() const {
  engine::Counts expected;
  for (const auto& [age, entry] : model_.jobs())
    if (entry.durable) ++expected.by_status.at(static_cast<std::size_t>(entry.job.progress.status));
  require(store_->counts().by_status == expected.by_status, "the counts do not add up");
  for (const auto& queue : store_->queues()) {
    check_reasons(queue);
    require(queue.queued_bytes == model_.bytes(queue.name), "queue {} counts {} bytes instead of {}",
            queue.name, queue.queued_bytes, model_.bytes(queue.name));
  }
}

/// The queued jobs of a queue by their reasons.
void Simulation::check_reasons(const engine::QueueState& queue) const {
  engine::ReasonCounts expected;
  for (const auto& [age, entry] : model_.jobs())
    if (entry.durable && entry.is(Status::queued) && entry.job.queue == queue.name)
      ++expected.of(entry.job.progress.reason);
  require(queue.queued.by_reason == expected.by_reason, "the counts by reason of {} do not add up",
          queue.name);
}

void Simulation::check_times() const {
  require(store_->next_start() == model_.next_start(), "the next job starts at another time");
  const auto next = model_.next_due();
  const bool earlier = next && (!last_tick_ || *next < *last_tick_);
  require(!earlier || due_changes_ > 0, "something is due earlier, and nobody was told");
}

void Simulation::check_claims() const {
  for (const auto& [age, claim] : claims_) {
    const auto cause = model_.at(age).cause;
    require(claim.stop->cause() == cause, "{} is asked to stop for {}, not {}", claim.id,
            static_cast<int>(claim.stop->cause()), static_cast<int>(cause));
    require(claim.stop->token().stop_requested() == (cause != engine::StopCause::none), "{} was not asked",
            claim.id);
  }
}

void Simulation::check_answers() const {
  require(journal_->waiting() == in_flight_.size(), "{} answers wait for the disk, not {}",
          journal_->waiting(), in_flight_.size());
  for (const auto& request : in_flight_)
    require(!request.answered(), "{} was answered too early", request.what);
  for (const auto& watch : watches_) require(!watch.caught.called(), "a watch was told of no end");
}

/// One queue takes exactly as many new jobs as the model says: one more is refused, that many are admitted.
/// The disk then refuses them, so that none of them stays.
void Simulation::check_places() {
  if (model_.in_trouble) return;
  const auto& queue = model_.options().queues.at(below(model_.options().queues.size()));
  const auto& name = queue.name;
  const auto capacity = queue.capacity;
  const auto taken = model_.places(name);
  const auto free = capacity - std::min(capacity, taken);
  std::vector<NewJob> jobs;
  for (std::size_t i = 0; i <= free; ++i) jobs.push_back({.id = fmt::format("probe{}", i), .queue = name});
  Caught<std::vector<engine::Submitted>> too_many;
  store_->submit(jobs, too_many.callback());
  if (!too_many.called())
    disagree(fmt::format("queue {} has more than {} of {} places left", name, free, capacity));
  expect_refusal(too_many, jobs.size() > capacity ? ErrorCode::invalid_field : ErrorCode::queue_full);
  if (free == 0) return;
  jobs.pop_back();
  Caught<std::vector<engine::Submitted>> fitting;
  store_->submit(jobs, fitting.callback());
  require(!fitting.called(), "queue {} has less than {} of {} places left", name, free, capacity);
  journal_->fail_newest();
  expect_refusal(fitting, ErrorCode::store_unavailable);
}

/// A list with a random filter, page by page.
void Simulation::check_pages() {
  engine::ListQuery query{.limit = 1 + below(5)};
  if (chance(50)) query.queue = chance(50) ? "default" : "mail";
  if (chance(50)) query.status = static_cast<Status>(below(domain::status_count));
  std::vector<std::string> expected;
  for (const auto& [age, entry] : std::views::reverse(model_.jobs()))
    if (entry.durable && (!query.queue || entry.job.queue == *query.queue) &&
        (!query.status || entry.is(*query.status)))
      expected.push_back(entry.job.id);
  std::vector<std::string> listed;
  do {
    const auto page = result_of<engine::JobPage>([&](auto done) { store_->list(query, std::move(done)); });
    require(page && page->jobs.size() <= query.limit, "a page is too long");
    for (const auto& job : page->jobs) listed.push_back(job.id);
    query.before = page->next;
  } while (query.before != 0);
  require(listed == expected, "pages do not lead through all jobs");
}

/// Once everything is written, the disk holds what a restart needs.
void Simulation::check_image() const {
  const auto& image = journal_->image();
  require(image.size() == model_.jobs().size(), "the disk holds {} jobs, not {}", image.size(),
          model_.jobs().size());
  auto on_disk = image.begin();
  for (const auto& [age, entry] : model_.jobs()) {  // Both by age.
    const auto& stored = (on_disk++)->second;
    const auto& content = stored.job.content;
    const auto& job = entry.job;
    // A job that was never started nor changed has no progress of its own.
    journal::ProgressRow kept;
    kept.run_at = stored.job.run_at;
    if (stored.progress) kept = *stored.progress;
    auto progress = kept.progress;
    if (progress.status == Status::queued)
      progress.reason = job.progress.reason;  // What a restart finds out by itself.
    require(content.id() == job.id && content.payload() == job.payload && progress == job.progress,
            "the disk holds {} {}/{}, not {}", content.id(), to_string(progress.status),
            to_string(progress.reason), job);
    const auto error = kept.ending ? kept.ending->last_error : "";
    const auto result = kept.ending ? kept.ending->result : std::nullopt;
    require(error == job.last_error && result == job.result, "the disk holds another end of {}", job);
    require(!job.run_at || kept.run_at == *job.run_at, "the disk holds another time of {}", job);
  }
}

}  // namespace jobqd::stores::simulation
