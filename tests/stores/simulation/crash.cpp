// What a crash at this moment would leave, and how a new store restores it.

#include <algorithm>
#include <map>
#include <utility>

#include <jobqd/domain/lifecycle.hpp>

#include "stores/journal/null_journal.hpp"
#include "stores/simulation/simulation.hpp"
#include "support/attempts.hpp"

namespace jobqd::stores::simulation {

using domain::Status;
using support::result_of;

namespace {

/// A job after the crash alone.
domain::Progress after_crash(domain::Progress progress, std::uint32_t cap) {
  if (progress.status != Status::running) return progress;
  if (progress.reason == domain::Reason::cancelled)
    return domain::given_up(progress, progress.reason).value();
  return domain::interrupted(progress, cap).value();
}

}  // namespace

/// Crashes and replays: into a second store, so that the history goes on as if nothing had happened.
void Simulation::check_crash() const {
  base::Random random{1};
  engine::Observer observer;
  embedded::EmbeddedStore revived(model_.options(), {.clock = clock_, .random = random, .observer = observer},
                                  std::make_unique<journal::NullJournal>());
  Recovery recovery;
  for (const auto& [number, stored] : journal_->image()) {
    const auto fault = revived.restore({stored}, 0, recovery);
    require(fault.empty(), "a restart is refused: {}", fault);
  }
  revived.finish_restore(last_token_);
  require(recovery.set_aside.empty(), "a restart sets jobs aside");
  const auto page =
      result_of<engine::JobPage>([&](auto done) { revived.list({.limit = 1'000}, std::move(done)); });
  std::map<std::string, domain::Job> there;
  for (const auto& job : page->jobs)
    require(there.emplace(job.id, job).second, "a restart makes two of {}", job);

  for (const auto& [age, entry] : model_.jobs()) {
    if (!entry.durable) continue;
    const auto found = there.find(entry.job.id);
    require(found != there.end(), "a crash would lose {}", entry.job);
    const auto& job = found->second;
    require(job.payload == entry.job.payload && job.priority == entry.job.priority &&
                job.max_retries == entry.job.max_retries && job.timeout == entry.job.timeout,
            "a crash would alter {}", entry.job);
    if (entry.batch > journal_->durable()) continue;  // Its latest change was not reported.
    auto expected = after_crash(entry.job.progress, model_.options().interruptions_max);
    if (expected.status == Status::queued) expected.reason = job.progress.reason;  // Follows from the clock.
    require(job.progress == expected, "after a crash {} would be {}", entry.job, job);
  }
  check_crash_order(revived, there);
}

/// Ready jobs start by priority, and within one priority in the order of enqueueing, with new tokens.
void Simulation::check_crash_order(engine::Store& revived,
                                   const std::map<std::string, domain::Job>& there) const {
  std::map<std::string, std::uint64_t> numbers;
  for (const auto& [number, stored] : journal_->image()) numbers.emplace(stored.job.content.id(), number);
  for (const auto& queue : model_.options().queues) {
    const auto ready = std::ranges::count_if(there, [&](const auto& entry) {
      return entry.second.queue == queue.name && entry.second.progress.reason == domain::Reason::ready;
    });
    std::pair<int, std::uint64_t> last{-1'000, 0};
    for (auto i = ready; i > 0; --i) {
      const auto claim = support::claim(revived, queue.name).value();
      const auto& job = there.at(claim.id);
      const std::pair place{-job.priority, numbers.at(claim.id)};
      require(place > last, "after a crash {} starts too late", job);
      require(claim.token > last_token_, "after a crash the token of {} is an old one", job);
      last = place;
    }
  }
}

}  // namespace jobqd::stores::simulation
