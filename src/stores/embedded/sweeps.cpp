#include "stores/embedded/sweeps.hpp"

namespace jobqd::stores::embedded {

namespace {

/// How many jobs one step may visit, and how many it may change.
constexpr int most_looks = 10'000;
constexpr std::size_t most_changes = 1'000;

}  // namespace

Sweeps::Step Sweeps::next(const JobTable& table) {
  Sweep& sweep = sweeps_.front();
  Step step{.status = sweep.status};
  int looks = most_looks;
  bool more = false;
  table.by_age().visit_newest_first(sweep.before, [&](std::uint64_t number, JobHandle job) {
    more = looks-- == 0 || step.jobs.size() == most_changes;
    if (more) return false;
    sweep.before = number;
    const Record& record = table.at(job);
    if (record.durable && record.queue == sweep.queue && record.progress.status == sweep.status)
      step.jobs.push_back(job);
    return true;
  });
  sweep.count += step.jobs.size();
  if (more) return step;
  step.finished = std::move(sweep);
  sweeps_.pop_front();
  return step;
}

}  // namespace jobqd::stores::embedded
