#include <memory>
#include <new>
#include <span>
#include <utility>

#include <boost/container/small_vector.hpp>

#include <jobqd/base/check.hpp>

#include "stores/embedded/embedded_store.hpp"
#include "stores/embedded/records.hpp"

/// The embedded store as engine::Intake.
namespace jobqd::stores::embedded {

using domain::Error;
using domain::ErrorCode;

namespace {

/// Whether a remote worker that waits gets these new jobs at once: there is one, which may start as soon as
/// it is durable, and none goes before it.
bool is_leased_at_once(const Jobs& jobs, const WaitingClaims& waiting, std::span<Record* const> created,
                       base::Now now) {
  if (created.size() != 1) return false;
  const Record& record = *created.front();
  const auto& queue = jobs.queues[record.queue];
  // A job that is not durable yet has a place too.
  const bool is_first =
      queue.ready.empty() && queue.places.taken().jobs == queue.counts.of(domain::Status::queued) + 1;
  return is_first && record.reason() == domain::Reason::ready && waiting.next_is_lease(record.queue) &&
         !queue.is_shut() && queue.gate.next_start() <= now.steady;
}

}  // namespace

void EmbeddedStore::submit(std::vector<domain::NewJob> jobs,
                           engine::Callback<std::vector<engine::Submitted>> done) {
  Turn turn(*this);
  const auto refuse = [&](Error error, std::string queue = {}) {
    turn.effects.call([&observer = around_.observer, why = error.code, queue = std::move(queue)] {
      observer.refused(why, queue);
    });
    turn.effects.refuse(std::move(done), std::move(error));
  };
  if (!admitting_)
    return refuse({.code = ErrorCode::draining, .detail = "the daemon is stopping and takes no new jobs"});
  if (auto why = trouble(); !why.empty()) return refuse(unavailable(std::move(why)));
  auto admission = admit(jobs, turn.effects.now);
  if (!admission) return refuse(std::move(admission.error().error), std::move(admission.error().queue));
  if (!journal_->keeps()) {
    admission->acknowledge(jobs_, turn.effects, around_.observer);
    return turn.effects.call(
        [done = std::move(done), answer = std::move(*admission).answer(jobs_)]() mutable {
          done(std::move(answer));
        });
  }
  const auto created = admission->created(jobs_);
  boost::container::small_vector<journal::JobRow, 1> rows;
  rows.reserve(created.size());
  for (const Record* record : created)
    rows.push_back(job_row(*record, jobs_.queues[record->queue].options.name));
  std::shared_ptr<LeaseAtOnce> lease;
  if (is_leased_at_once(jobs_, waiting_, {created.data(), created.size()}, turn.effects.now))
    lease = std::make_shared<LeaseAtOnce>();
  auto settled = [this, admission = *std::move(admission), lease,
                  done = std::move(done)](std::expected<void, Error> durable) mutable {
    complete(std::move(admission), lease, durable, std::move(done));
  };
  turn.effects.flush();
  if (created.empty()) return journal_->when_durable(std::move(settled));
  const auto batch = journal_->insert({rows.data(), rows.size()}, std::move(settled));
  for (Record* record : created) record->batch = RecentBatch(batch);
  if (lease) lease_at_once(turn.effects, *created.front(), *lease);
}

void EmbeddedStore::lease_at_once(Effects& effects, const Record& record, LeaseAtOnce& lease) {
  lease.job = jobs_.table.find_id(record.content.id());
  jobs_.enter(effects, lease.job);
  waiting_.serve(record.queue, [&](WaitingClaim& waiting) {
    mutex_.assert_held();
    if (!lease.claims.empty()) return false;
    lease.claims = grant(effects, waiting.queue, waiting.max_jobs, waiting.max_bytes, waiting.lease);
    JOBQD_CHECK(lease.claims.size() == 1);
    jobs_.queues.end_wait(waiting, effects.now.steady);
    lease.duration = waiting.lease->duration;
    lease.done = std::move(waiting.done);
    return true;
  });
}

void EmbeddedStore::complete(Admission admission, const std::shared_ptr<LeaseAtOnce>& lease,
                             const std::expected<void, Error>& durable,
                             engine::Callback<std::vector<engine::Submitted>> done) {
  engine::Expected<std::vector<engine::Submitted>> answer;
  {
    Turn turn(*this);
    if (durable) {
      admission.acknowledge(jobs_, turn.effects, around_.observer);
      answer = std::move(admission).answer(jobs_);
      if (lease) {
        const Record* record = jobs_.table.find(lease->job);
        const bool runs = record != nullptr && record->status() == domain::Status::running;
        if (runs) {  // It begins now.
          const auto begun = attempts_.extend(turn.effects, lease->job, lease->duration);
          auto& claim = lease->claims.front();
          claim.lease = std::make_shared<engine::Lease>(
              engine::Lease{.job = claim.lease->job, .expires_at = begun.expires_at});
        } else {  // A stop has ended it, and perhaps the job.
          lease->claims.clear();
        }
        hand_out(turn.effects, std::move(lease->claims), std::move(lease->done),
                 runs && record->batch.is_in(journal_->durable()));
      }
    } else {
      admission.withdraw(jobs_, attempts_, turn.effects);
      answer = std::unexpected(durable.error());
      if (lease) turn.effects.refuse(std::move(lease->done), durable.error());
    }
  }
  if (!durable) around_.observer.refused(answer.error().code, {});
  done(std::move(answer));
}

std::expected<Admission, Admission::Refusal> EmbeddedStore::admit(std::vector<domain::NewJob>& jobs,
                                                                  base::Now now) {
  try {
    return Admission::admit(jobs_, jobs, now);
  } catch (const std::bad_alloc&) {
    return std::unexpected(Admission::Refusal{
        .error = {.code = ErrorCode::out_of_memory, .detail = "there is no memory left to take these jobs"},
        .queue = {}});
  }
}

}  // namespace jobqd::stores::embedded
