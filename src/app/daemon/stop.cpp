// The graceful stop: docs/decisions/0001-http-stays-up-while-draining.md has its order and the reasons.

#include <algorithm>

#include <jobqd/base/duration.hpp>

#include "app/daemon/app.hpp"
#include "app/daemon/parts.hpp"
#include "app/daemon/stopping.hpp"

namespace jobqd::app {

namespace {

using domain::Status;

/// The longest time that open requests may take to be answered once all jobs are settled.
constexpr base::milliseconds answer_grace{1'000};
/// Jobs can also end without an attempt (cancelled, removed), so the stop counts them again this often.
constexpr base::milliseconds look_again{50};

/// How many attempts end with the process. Leases outlive it if their store does.
std::uint64_t attempts_to_end(const App::Parts& parts) {
  const auto attempts = parts.store->attempts();
  return attempts.own + (parts.store_is_durable ? 0 : attempts.leased);
}

/// How many jobs of a store in memory are left to be worked off: 0 if none is running and none can start
/// before the deadline.
std::uint64_t jobs_to_work_off(const App::Parts& parts, base::SteadyTime deadline) {
  const auto running = attempts_to_end(parts);
  const auto next = parts.store->next_start();
  const bool more = next && *next <= deadline;
  return running > 0 || more ? parts.store->counts().of(Status::queued) + running : 0;
}

/// Returns when `jobs()`, the number of jobs that it waits for, is 0, or at the deadline. Asks after each
/// attempt.
template <class Jobs>
void wait_for(std::string_view what, base::SteadyTime deadline, App::Parts& parts, Stopping& stopping,
              Jobs jobs) {
  while (const auto left = jobs()) {
    stopping.waits_for(what, left);
    const auto now = parts.clock.now().steady;
    if (now >= deadline) return;
    parts.watchers.attempts.wait(std::min(deadline, now + look_again));
  }
}

/// Jobs start as before, so that clients have the time to notice that the daemon is not ready any more.
void wait_for_delay(App::Parts& parts, Stopping& stopping) {
  const auto deadline = parts.clock.now().steady + parts.config.drain_delay;
  stopping.waits_for("DRAIN_DELAY");
  while (parts.clock.now().steady < deadline) parts.watchers.attempts.wait(deadline);
}

/// Answers the open requests and closes the port. From here on the stop waits for the disk, which may hang;
/// it is not given up before `not_before`.
void close_port(App::Parts& parts, Stopping& stopping, base::SteadyTime not_before) {
  stopping.give_up_at(std::max(not_before, parts.clock.now().steady + disk_grace));
  stopping.waits_for("open requests");
  parts.server->request_stop(answer_grace);
  parts.server->join();
  stopping.waits_for("the store");
}

}  // namespace

void App::stop(Stopping& stopping) {
  auto& parts = *parts_;
  auto& store = *parts.store;
  const auto grace = parts.config.shutdown_grace;
  const auto running = [&parts] { return attempts_to_end(parts); };
  parts.log.write_admin(
      LogLevel::info, "stopping",
      {{"grace", base::format_duration(grace)}, {"delay", base::format_duration(parts.config.drain_delay)}});
  if (!parts.serves) return stop_starting(stopping);
  parts.watchers.attempts.begin();
  parts.server->drain();
  if (!parts.store_is_durable) store.stop_admission();  // What came now would be lost.
  wait_for_delay(parts, stopping);
  const auto deadline = parts.clock.now().steady + grace;
  if (!parts.store_is_durable)
    wait_for("queued and running jobs", deadline, parts, stopping,
             [&] { return jobs_to_work_off(parts, deadline); });
  store.stop_claims();
  wait_for("running jobs", deadline, parts, stopping, running);
  store.stop_attempts();
  if (!parts.store_is_durable) store.end_leases();
  parts.runners->request_stop();
  wait_for("interrupted jobs", base::SteadyTime::max(), parts, stopping, running);
  parts.runners->join();
  close_port(parts, stopping, deadline);
  parts.scheduler.request_stop();
  parts.scheduler.join();
  if (parts.tracing) {
    stopping.waits_for("the collector of spans");
    parts.tracing->exporter().stop();
  }
  log_end();
}

void App::stop_starting(Stopping& stopping) {
  parts_->server->drain();
  close_port(*parts_, stopping, {});
  parts_->log.write_admin(LogLevel::info, "stopped", {{"before", "all jobs were restored"}});
}

void App::log_end() const {
  const auto left = parts_->store->counts().of(Status::queued);
  const bool lost = left > 0 && !parts_->store_is_durable;
  if (const auto why = parts_->store->trouble(); !why.empty())
    parts_->log.write_admin(LogLevel::error, "what ended while the store could not be written may run again",
                            {{"why", why}});
  const auto& seen = parts_->watchers.tally;
  parts_->log.write_admin(lost ? LogLevel::warn : LogLevel::info, "stopped",
                          {{"done", seen.done()},
                           {"failed", seen.failed()},
                           {"retried", seen.retried()},
                           {"interrupted", seen.interrupted()},
                           {parts_->store_is_durable ? "queued" : "lost", left},
                           {"leased", parts_->store->attempts().leased}});
}

}  // namespace jobqd::app
