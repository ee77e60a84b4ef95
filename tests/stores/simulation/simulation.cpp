#include "stores/simulation/simulation.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace jobqd::stores::simulation {

using base::milliseconds;
using base::Random;
using domain::NewJob;
using support::Caught;

Simulation::Simulation(std::uint64_t seed) : random_(seed), model_(some_options(random_)) {
  auto journal = std::make_unique<journal::HeldJournal>();
  journal_ = journal.get();
  journal_->read_at_once();
  store_ = std::make_unique<embedded::EmbeddedStore>(model_.options(),
                                                     Surroundings{.clock = clock_,
                                                                  .random = store_random_,
                                                                  .observer = observer_,
                                                                  .due_changed = [this] { ++due_changes_; }},
                                                     std::move(journal));
}

std::span<const Simulation::Step> Simulation::steps() {
  static constexpr std::array all{
      Step{20, &Simulation::submit},        Step{20, &Simulation::claim},
      Step{18, &Simulation::settle},        Step{30, &Simulation::commit_one},
      Step{14, &Simulation::let_time_pass}, Step{5, &Simulation::cancel_some},
      Step{5, &Simulation::retry_some},     Step{4, &Simulation::remove_some},
      Step{4, &Simulation::find_some},      Step{4, &Simulation::watch_some},
      Step{3, &Simulation::check_pages},    Step{3, &Simulation::settle_stale},
      Step{3, &Simulation::refuse_one},     Step{3, &Simulation::commit_everything},
      Step{2, &Simulation::unwatch_some},   Step{1, &Simulation::stop_attempts},
      Step{1, &Simulation::change_trouble},
  };
  return all;
}

void Simulation::run(int count) {
  for (int i = 0; i < count; ++i) {
    random_step();
    check();
  }
  work_off();
}

void Simulation::random_step() {
  static const int total = [] {
    int sum = 0;
    for (const auto& step : steps()) sum += step.weight;
    return sum;
  }();
  auto drawn = random_.between(1, total);
  for (const auto& [weight, act] : steps())
    if ((drawn -= weight) <= 0) return (this->*act)();
}

// --- what the calls are about -----------------------------------------------------------------------

std::size_t Simulation::below(std::size_t end) {
  return static_cast<std::size_t>(random_.between(0, static_cast<std::int64_t>(end) - 1));
}

EmbeddedOptions Simulation::some_options(Random& random) {
  const auto between = [&](int low, int high) { return static_cast<std::size_t>(random.between(low, high)); };
  return {.queues = {{.name = "default", .capacity = between(1, 12)},
                     {.name = "mail", .capacity = between(1, 6), .max_retries = 2}},
          .retention = milliseconds(random.between(1'000, 30'000)),
          .retention_max = between(1, 20),
          .retention_bytes = between(100, 2'000),
          .memory_budget = between(0, 300),
          .interruptions_max = static_cast<std::uint32_t>(between(0, 3))};
}

std::string Simulation::some_id() {
  return fmt::format("j{}", random_.between(0, 59));
}

/// Mostly a new job, sometimes one that exists already, or one of the same array, or one for an unknown
/// queue.
NewJob Simulation::some_job(std::span<const NewJob> before) {
  if (!before.empty() && chance(5)) return before[below(before.size())];
  if (!model_.jobs().empty() && chance(15))
    return std::next(model_.jobs().begin(), static_cast<std::ptrdiff_t>(below(model_.jobs().size())))
        ->second.submitted;
  NewJob job{.id = some_id(),
             .queue = chance(60) ? "default" : "mail",
             .payload = std::string(1 + below(chance(50) ? 20 : 90), '1')};
  if (chance(1)) job.queue = "nowhere";
  if (chance(50)) job.max_retries = static_cast<std::uint16_t>(below(4));
  if (chance(30)) job.priority = static_cast<std::int8_t>(random_.between(-1, 1));
  if (chance(20)) job.delay = milliseconds(random_.between(0, 4'000));
  if (chance(10)) job.run_at = clock_.now().wall + milliseconds(random_.between(-1'000, 4'000));
  if (chance(20)) job.timeout = up_to(2'000);
  return job;
}

// --- what they ought to answer ----------------------------------------------------------------------

void Simulation::expect_submitted(Caught<std::vector<engine::Submitted>> caught, Model::Admission admission) {
  const auto check = [this, caught, admission = std::move(admission)](bool committed) {
    committed ? model_.acknowledge(admission) : model_.withdraw(admission);
    const auto expected =
        committed ? model_.answer(admission) : std::unexpected(ErrorCode::store_unavailable);
    if (!expected) return expect_refusal(caught, expected.error());
    const auto answers = caught.result();
    require(answers && answers->size() == expected->size(), "a submission was not answered job by job");
    for (std::size_t i = 0; i < expected->size(); ++i) {
      const auto& [id, status, created] = answers->at(i);
      const auto& wanted = expected->at(i);
      require(id == wanted.id && status == wanted.status && created == wanted.created,
              "{} was answered {} {}, not {} {}", id, to_string(status), created, to_string(wanted.status),
              wanted.created);
    }
  };
  in_flight_.push_back({"submit", [caught] { return caught.called(); }, check});
}

/// Once what the client has changed is durable.
void Simulation::expect_job(std::string what, Caught<domain::Job> caught, domain::Job job) {
  const auto check = [this, caught, job = std::move(job)](bool committed) {
    if (!committed) return expect_refusal(caught, ErrorCode::store_unavailable);
    expect_answer(caught, job);
  };
  in_flight_.push_back({std::move(what), [caught] { return caught.called(); }, check});
}

/// At once if it is durable, otherwise once the disk has accepted or refused it.
void Simulation::expect_told(std::string what, Caught<domain::Job> caught, const Model::Entry& entry) {
  if (entry.batch <= journal_->durable()) return expect_answer(caught, entry.job);
  const auto check = [this, caught, job = entry.job](bool /*committed*/) { expect_answer(caught, job); };
  in_flight_.push_back({std::move(what), [caught] { return caught.called(); }, check});
}

void Simulation::expect_answer(const Caught<domain::Job>& caught, const domain::Job& job) const {
  require(caught.called(), "the store does not tell {} at once", job);
  const auto answer = caught.result();
  require(answer.has_value(), "the store refuses to tell {}", job);
  require(same(*answer, job), "the store tells {}, not {}", *answer, job);
}

// --- clients ----------------------------------------------------------------------------------------

void Simulation::submit() {
  std::vector<NewJob> jobs;
  const auto count = chance(70) ? 1 : below(7);
  for (std::size_t i = 0; i < count; ++i) jobs.push_back(some_job(jobs));
  note("submit {} of {}", jobs.size(), jobs.empty() ? "" : jobs.front().id);
  const auto batch = journal_->gathering();
  Caught<std::vector<engine::Submitted>> caught;
  store_->submit(jobs, caught.callback());
  auto admission = model_.admit(jobs, clock_.now(), batch);
  if (!admission) return expect_refusal(caught, admission.error());
  expect_submitted(caught, *std::move(admission));
}

void Simulation::cancel_some() {
  cancel(some_id());
}

void Simulation::cancel(const std::string& id) {
  note("cancel {}", id);
  const auto batch = journal_->gathering();
  Caught<domain::Job> caught;
  store_->cancel(id, caught.callback());
  const auto age = model_.cancel(id, clock_.now(), batch);
  if (!age) return expect_refusal(caught, age.error());
  complete_watches(*age);
  expect_job("cancel", caught, model_.at(*age).job);
  model_.forget_finished(clock_.now());
}

void Simulation::retry_some() {
  const auto id = some_id();
  note("retry {}", id);
  const auto batch = journal_->gathering();
  Caught<domain::Job> caught;
  store_->retry(id, caught.callback());
  const auto age = model_.retry(id, clock_.now(), batch);
  if (!age) return expect_refusal(caught, age.error());
  expect_job("retry", caught, model_.at(*age).job);
}

void Simulation::remove_some() {
  const auto id = some_id();
  note("remove {}", id);
  Caught<void> caught;
  store_->remove(id, caught.callback());
  const auto age = model_.remove(id);
  if (!age) return expect_refusal(caught, age.error());
  end_watches(*age);
  const auto check = [this, caught](bool committed) {
    if (!committed) return expect_refusal(caught, ErrorCode::store_unavailable);
    require(caught.result().has_value(), "a removal was refused");
  };
  in_flight_.push_back({"remove", [caught] { return caught.called(); }, check});
}

void Simulation::find_some() {
  const auto id = some_id();
  note("find {}", id);
  Caught<domain::Job> caught;
  store_->find(id, caught.callback());
  const auto age = model_.find(id);
  if (!age) return expect_refusal(caught, ErrorCode::job_not_found);
  expect_told("find", caught, model_.at(*age));
}

void Simulation::watch_some() {
  const auto id = some_id();
  note("watch {}", id);
  Caught<domain::Job> caught;
  const auto watch = store_->watch(id, caught.callback());
  const auto age = model_.find(id);
  const bool waits = age && !model_.at(*age).finished();
  require((watch != 0) == waits, "a watch of {} {}", id, waits ? "does not wait" : "waits");
  if (!age) return expect_refusal(caught, ErrorCode::job_not_found);
  if (waits)
    watches_.push_back({*age, watch, caught});
  else
    expect_told("watch", caught, model_.at(*age));
}

void Simulation::unwatch_some() {
  if (watches_.empty()) return require(!store_->unwatch(random_.bits()), "ended a watch that there is not");
  const auto chosen = watches_.begin() + static_cast<std::ptrdiff_t>(below(watches_.size()));
  note("unwatch {}", chosen->id);
  require(store_->unwatch(chosen->id), "a waiting watch could not be ended");
  require(!store_->unwatch(chosen->id), "a watch could be ended twice");
  watches_.erase(chosen);
}

/// The job is finished: its watches complete once that is durable.
void Simulation::complete_watches(Age age) {
  if (!model_.at(age).finished()) return;
  for (const auto& watch : watches_)
    if (watch.age == age) expect_told("watch", watch.caught, model_.at(age));
  std::erase_if(watches_, [&](const Watch& watch) { return watch.age == age; });
}

/// The job is gone.
void Simulation::end_watches(Age age) {
  for (const auto& watch : watches_)
    if (watch.age == age) expect_refusal(watch.caught, ErrorCode::job_not_found);
  std::erase_if(watches_, [&](const Watch& watch) { return watch.age == age; });
}

}  // namespace jobqd::stores::simulation
