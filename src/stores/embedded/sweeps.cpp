#include "stores/embedded/sweeps.hpp"

#include <algorithm>

namespace jobqd::stores::embedded {

namespace {

/// How many jobs one step may visit, and how many it may change.
constexpr int most_looks = 10'000;
constexpr std::size_t most_changes = 1'000;

bool takes(const Sweep& sweep, const Record& record) {
  if (!record.durable || record.queue != sweep.queue || record.status() != sweep.status) return false;
  return sweep.reasons.empty() || std::ranges::find(sweep.reasons, record.reason()) != sweep.reasons.end();
}

}  // namespace

Sweeps::Step Sweeps::next(const JobTable& table, const FinishedJobs& finished) {
  Sweep& sweep = sweeps_.front();
  Step step{.action = sweep.action};
  int looks = most_looks;
  bool more = false;
  const auto visit = [&](std::uint64_t number, JobSlot slot) {
    more = looks-- == 0 || step.jobs.size() == most_changes;
    if (more) return false;
    sweep.before = number;
    const JobHandle job{.number = number, .slot = slot};
    if (takes(sweep, table.at(job))) step.jobs.push_back(job);
    return true;
  };
  if (sweep.status == domain::Status::failed)
    finished.visit_failed(sweep.queue, sweep.before, visit);
  else
    table.by_age().visit_newest_first(sweep.before, visit);
  sweep.count += step.jobs.size();
  if (more) return step;
  step.finished = std::move(sweep);
  sweeps_.pop_front();
  return step;
}

}  // namespace jobqd::stores::embedded
