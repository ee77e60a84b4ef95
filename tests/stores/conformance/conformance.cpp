#include "stores/conformance/conformance.hpp"

#include <array>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "support/caught.hpp"

namespace jobqd::stores {

using support::result_of;

StoreConformance::StoreConformance() {
  open(options());
}

StoreConformance::~StoreConformance() = default;

EmbeddedOptions StoreConformance::options() {
  return {.queues = {{.remote = true}, {.name = "mail", .capacity = 2, .max_retries = 3}}};
}

void StoreConformance::open(const EmbeddedOptions& options) {
  store = GetParam()(options, {.clock = clock, .random = random, .observer = diary, .due_changed = [this] {
                                 ++due_changes;
                               }});
  (void)support::lease(*store,
                       {.queue = "default", .lease = engine::LeaseTerms{}, .wait_id = engine::new_wait_id()});
}

engine::Expected<std::vector<engine::Submitted>> StoreConformance::submit(std::vector<domain::NewJob> jobs) {
  return result_of<std::vector<engine::Submitted>>(
      [&](auto done) { store->submit(std::move(jobs), std::move(done)); });
}

engine::Expected<std::vector<engine::Submitted>> StoreConformance::submit(domain::NewJob job) {
  return submit(std::vector{std::move(job)});
}

engine::Expected<domain::Job> StoreConformance::find(std::string_view id) {
  return result_of<domain::Job>([&](auto done) { store->find(id, std::move(done)); });
}

engine::Expected<domain::Job> StoreConformance::cancel(std::string_view id) {
  return result_of<domain::Job>([&](auto done) { store->cancel(id, std::move(done)); });
}

engine::Expected<domain::Job> StoreConformance::retry(std::string_view id) {
  return result_of<domain::Job>([&](auto done) { store->retry(id, std::move(done)); });
}

engine::Expected<void> StoreConformance::remove(std::string_view id) {
  return result_of<void>([&](auto done) { store->remove(id, std::move(done)); });
}

engine::JobPage StoreConformance::list(const engine::ListQuery& query) {
  return result_of<engine::JobPage>([&](auto done) { store->list(query, std::move(done)); }).value();
}

domain::Job StoreConformance::job(std::string_view id) {
  return find(id).value();
}

engine::Claim StoreConformance::claim(std::string_view queue) {
  return support::claim(*store, queue).value();
}

engine::Claim StoreConformance::start(domain::NewJob job) {
  const auto [id, queue] = std::pair(job.id, job.queue);
  submit(std::move(job)).value();
  auto started = claim(queue);
  if (started.id != id) throw std::logic_error("another job was to start first");
  return started;
}

engine::Claim StoreConformance::start(std::string id) {
  return start(support::new_job(std::move(id)));
}

void StoreConformance::finish(std::string id, engine::Outcome outcome) {
  support::settle(*store, start(std::move(id)), std::move(outcome));
}

std::optional<base::SteadyTime> StoreConformance::advance(base::milliseconds by) {
  clock.advance(by);
  return store->tick(clock.now());
}

bool StoreConformance::something_is_ready() const {
  const auto next = store->next_start();
  return next && *next <= clock.now().steady;
}

std::uint64_t StoreConformance::count(domain::Status status) const {
  return store->counts().of(status);
}

void Diary::submitted(std::string_view queue, std::size_t jobs) {
  note(fmt::format("submitted {} to {}", jobs, queue));
}

void Diary::refused(domain::ErrorCode why, std::string_view queue) {
  note(fmt::format("refused by {}: {}", queue.empty() ? "no queue" : queue, domain::error_traits(why).slug));
}

void Diary::circuit_changed(std::string_view queue, domain::CircuitState from, domain::CircuitState to) {
  note(fmt::format("circuit of {}: {} to {}", queue, domain::to_string(from), domain::to_string(to)));
}

void Diary::attempt_settled(const engine::Claim& claim, const engine::Resolution& resolution) {
  constexpr std::array names{" done:", " again:", " failed:", " interrupted:", " unstarted:"};
  note(names.at(resolution.index()), claim);
}

domain::NewJob retryable(std::string id) {
  auto job = support::new_job(std::move(id));
  job.max_retries = 10;
  return job;
}

domain::NewJob new_mail(std::string id) {
  auto job = support::new_job(std::move(id));
  job.queue = "mail";
  return job;
}

std::string ids(const engine::JobPage& page) {
  std::string all;
  for (const auto& job : page.jobs) all += (all.empty() ? "" : " ") + job.id;
  return all;
}

}  // namespace jobqd::stores
