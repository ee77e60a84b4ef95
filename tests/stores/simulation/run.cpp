// Workers, time and the disk in a simulation.

#include <algorithm>
#include <iterator>
#include <utility>

#include "stores/simulation/simulation.hpp"
#include "support/attempts.hpp"

namespace jobqd::stores::simulation {

using base::milliseconds;
using domain::Status;
using engine::StopCause;

namespace {

constexpr domain::RetryPolicy policy{.base = milliseconds{100}, .cap = milliseconds{1'600}};

/// Of the wait before the retry after `failures` failed attempts.
milliseconds longest_wait(std::uint32_t failures) {
  auto wait = policy.base;
  for (std::uint32_t i = 1; i < failures; ++i) wait = std::min(2 * wait, policy.cap);
  return wait;
}

}  // namespace

// --- workers ----------------------------------------------------------------------------------------

void Simulation::claim() {
  claim_from(chance(60) ? "default" : "mail");
}

void Simulation::claim_from(const std::string& queue) {
  const auto startable = model_.startable(queue);
  if (startable.empty()) return;
  note("claim from {}", queue);
  const auto batch = journal_->gathering();
  const auto claim = support::claim(*store_, queue);
  require(claim.has_value(), "nothing to claim, and yet {} is ready", model_.at(startable.front()).job.id);
  note("claimed {}", claim->id);
  const auto age = model_.find(claim->id);
  require(age && std::ranges::find(startable, *age) != startable.end(), "{} started before {}", claim->id,
          model_.at(startable.front()).job.id);
  require(claim->token > last_token_, "the token of {} does not grow", claim->id);
  last_token_ = claim->token;
  model_.start(*age, claim->token, clock_.now(), batch);
  const auto& job = model_.at(*age).job;
  require(claim->queue == job.queue && claim->payload == job.payload &&
              claim->attempt == job.progress.attempts && claim->failures == job.progress.failures &&
              claim->max_retries == job.max_retries && claim->timeout == job.timeout,
          "the claim of {} does not carry what the job is", claim->id);
  claims_.emplace(*age, *claim);
}

engine::Outcome Simulation::some_outcome() {
  const auto drawn = random_.between(1, 100);
  if (drawn <= 35) return engine::Done{};
  if (drawn <= 45) return engine::Done{.result = std::string(1 + below(40), '2')};
  if (drawn <= 65) return engine::Retry{.error = std::string(below(30), 'e')};
  if (drawn <= 70)
    return engine::Retry{.error = "asked to wait", .after = milliseconds(random_.between(0, 3'000))};
  if (drawn <= 80) return engine::Fail{.error = "for good"};
  return engine::Interrupted{};
}

void Simulation::settle() {
  if (claims_.empty()) return;
  const auto age = std::next(claims_.begin(), static_cast<std::ptrdiff_t>(below(claims_.size())))->first;
  settle(age, some_outcome(), chance(10));
}

/// `cancelled_late`: a client cancels after the worker has decided on the outcome, and before it reports it.
void Simulation::settle(Age age, const engine::Outcome& outcome, bool cancelled_late) {
  const auto claim = claims_.extract(age).mapped();
  if (cancelled_late) cancel(claim.id);
  const auto decided = claim.stop->cause();
  const auto batch = journal_->gathering();
  const auto settled = support::settled(*store_, claim, outcome);
  require(settled.has_value(), "the current claim of {} was refused", claim.id);
  const auto& resolution = *settled;
  note("settle {} as {} after {}", claim.id, resolution.index(), static_cast<int>(decided));
  std::optional<milliseconds> delay;
  if (const auto* again = std::get_if<engine::Again>(&resolution)) {
    delay = again->delay;
    const auto* retry = std::get_if<engine::Retry>(&outcome);
    if (retry != nullptr && retry->after)
      require(*delay == *retry->after, "{} waits another time than the processor asked for", claim.id);
    else
      require(*delay >= milliseconds{1} && *delay <= longest_wait(claim.failures + 1), "{} waits {} ms",
              claim.id, delay->count());
  }
  model_.settle(age, outcome, decided, delay, clock_.now(), batch);
  complete_watches(age);
  model_.forget_finished(clock_.now());
  stale_.push_back(claim);
}

void Simulation::settle_stale() {
  if (!stale_.empty()) {
    const auto& claim = stale_.at(below(stale_.size()));
    note("settle stale {}", claim.id);
    require(!support::settle(*store_, claim, engine::Done{}), "a stale claim of {} was accepted", claim.id);
  }
  if (!claims_.empty()) {
    auto forged = claims_.begin()->second;
    forged.token += 1;
    require(!support::settle(*store_, forged, engine::Done{}),
            "a token that was never given out was accepted");
  }
}

// --- time -------------------------------------------------------------------------------------------

void Simulation::let_time_pass() {
  const auto next = model_.next_due();
  const auto now = clock_.now().steady;
  if (next && *next > now && chance(40))
    clock_.advance(std::chrono::ceil<milliseconds>(*next - now));
  else
    clock_.advance(milliseconds(random_.between(0, 1'500)));
  if (chance(10)) clock_.jump_wall(milliseconds(random_.between(-5'000, 5'000)));
  if (chance(85)) tick();
}

void Simulation::tick() {
  note("tick");
  due_changes_ = 0;
  model_.tick(clock_.now());
  last_tick_ = store_->tick(clock_.now());
  require(last_tick_ == model_.next_due(), "tick wants to be called at another time than the next due one");
}

void Simulation::stop_attempts() {
  note("stop attempts");
  store_->stop_attempts();
  model_.stop_attempts();
}

// --- disk -------------------------------------------------------------------------------------------

void Simulation::answer_oldest(bool committed) {
  const Request request = std::move(in_flight_.front());
  in_flight_.pop_front();
  note("{} {}", committed ? "commit" : "refuse", request.what);
  require(!request.answered(), "{} was answered before the disk said a word", request.what);
  committed ? journal_->commit() : journal_->fail();
  require(request.answered(), "{} was not answered", request.what);
  request.check(committed);
}

void Simulation::commit_one() {
  if (!in_flight_.empty()) answer_oldest(true);
}

void Simulation::refuse_one() {
  if (!in_flight_.empty()) answer_oldest(false);
}

void Simulation::commit_everything() {
  while (!in_flight_.empty()) answer_oldest(true);
  journal_->commit_all();
  check_image();
}

void Simulation::change_trouble() {
  model_.in_trouble = !model_.in_trouble && chance(50);
  note("trouble {}", model_.in_trouble);
  journal_->set_trouble(model_.in_trouble ? "the disk is full" : "");
}

// --- the end ----------------------------------------------------------------------------------------

void Simulation::work_off() {
  note("work off");
  model_.in_trouble = false;
  journal_->set_trouble("");
  commit_everything();
  check();
  while (work_off_one()) check();
  commit_everything();
  check();
  const auto counts = store_->counts();
  require(counts.of(Status::queued) == 0 && counts.of(Status::running) == 0, "jobs are left that never end");
  require(watches_.empty(), "a watch was never told of the end");
}

/// Settles, starts or waits; false when there is nothing left to do.
bool Simulation::work_off_one() {
  if (!claims_.empty()) {
    settle(claims_.begin()->first, engine::Done{}, false);
    return true;
  }
  for (const auto& queue : model_.options().queues) {
    if (model_.startable(queue.name).empty()) continue;
    claim_from(queue.name);
    return true;
  }
  const auto next = model_.next_start();
  if (!next) return false;
  const auto wait = std::chrono::ceil<milliseconds>(*next - clock_.now().steady);
  clock_.advance(std::max(wait, milliseconds{0}));  // It may be due already.
  tick();
  return true;
}

}  // namespace jobqd::stores::simulation
