#include "stores/faults/ledger.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace jobqd::stores {

namespace {

void note(Ledger::Verdict& verdict, int& count, std::string what) {
  ++count;
  if (verdict.first.empty()) verdict.first = std::move(what);
}

bool finished(const domain::Job& job) {
  return job.progress.status == domain::Status::done || job.progress.status == domain::Status::failed;
}

bool same_content(const domain::NewJob& submitted, const domain::Job& job) {
  return submitted.payload == job.payload && submitted.queue == job.queue &&
         submitted.priority == job.priority && submitted.max_retries.value_or(0) == job.max_retries &&
         submitted.timeout == job.timeout;
}

std::string describe(const domain::Job& job) {
  return fmt::format("{} {} attempts {}", domain::to_string(job.progress.status),
                     domain::to_string(job.progress.reason), job.progress.attempts);
}

}  // namespace

Ledger::Verdict& Ledger::Verdict::operator+=(const Verdict& other) {
  lost += other.lost;
  back += other.back;
  half += other.half;
  unknown += other.unknown;
  twice += other.twice;
  altered += other.altered;
  fell_back += other.fell_back;
  if (first.empty()) first = other.first;
  return *this;
}

void Ledger::submitting(const std::vector<domain::NewJob>& jobs) {
  submitting_ = jobs;
}

void Ledger::accepted() {
  for (auto& job : std::exchange(submitting_, {})) {
    const auto id = job.id;
    if (entries_.emplace(id, Entry{.submitted = std::move(job), .place = ++last_place_}).second)
      ++acknowledged_;
  }
}

void Ledger::refused() {
  submitting_.clear();
}

void Ledger::unanswered() {
  uncertain_.push_back(std::exchange(submitting_, {}));
}

void Ledger::told(const domain::Job& job) {
  auto& entry = entries_.at(job.id);
  entry.told = job;
  entry.maybe_changed = false;
}

void Ledger::maybe_changed(const std::string& id) {
  entries_.at(id).maybe_changed = true;
}

void Ledger::removed(const std::string& id) {
  entries_.at(id).removal = Entry::Removal::done;
}

void Ledger::maybe_removed(const std::string& id) {
  entries_.at(id).removal = Entry::Removal::maybe;
}

Ledger::Verdict Ledger::check(const std::vector<domain::Job>& jobs) {
  Verdict verdict;
  std::map<std::string, domain::Job> there;
  std::uint64_t last = 0;
  for (const auto& job : jobs) {
    if (!there.emplace(job.id, job).second)
      note(verdict, verdict.twice, fmt::format("{} is there twice", job.id));
    const auto entry = entries_.find(job.id);
    if (entry == entries_.end()) continue;
    if (entry->second.place < last) note(verdict, verdict.altered, fmt::format("{} lost its place", job.id));
    last = std::max(last, entry->second.place);
  }
  for (const auto& [id, entry] : entries_) {
    const auto found = there.find(id);
    check_one(verdict, entry, found == there.end() ? nullptr : &found->second);
  }
  check_uncertain(verdict, there);
  for (const auto& [id, job] : there)
    if (!entries_.contains(id)) note(verdict, verdict.unknown, fmt::format("nobody is owed {}", id));
  settle(there);
  return verdict;
}

void Ledger::check_one(Verdict& verdict, const Entry& entry, const domain::Job* job) const {
  const auto& id = entry.submitted.id;
  if (job == nullptr) {
    if (entry.removal == Entry::Removal::none) note(verdict, verdict.lost, fmt::format("{} is lost", id));
    return;
  }
  if (entry.removal == Entry::Removal::done) {
    note(verdict, verdict.back, fmt::format("{} is back", id));
    return;
  }
  if (!same_content(entry.submitted, *job)) note(verdict, verdict.altered, fmt::format("{} is altered", id));
  if (!entry.told) return;
  const auto& told = *entry.told;
  const bool fell = job->progress.attempts < told.progress.attempts;
  const bool undone = finished(told) && !entry.maybe_changed &&
                      (job->progress != told.progress || job->result != told.result ||
                       job->last_error != told.last_error || job->finished_at != told.finished_at);
  if (fell || undone)
    note(verdict, verdict.fell_back, fmt::format("{} was {} and is {}", id, describe(told), describe(*job)));
}

/// An unanswered request must have happened completely or not at all. If it has, its jobs are owed from now
/// on.
void Ledger::check_uncertain(Verdict& verdict, const std::map<std::string, domain::Job>& there) {
  for (auto& jobs : std::exchange(uncertain_, {})) {
    // An id that was known before proves nothing.
    std::erase_if(jobs, [this](const domain::NewJob& job) { return entries_.contains(job.id); });
    const auto found = static_cast<std::size_t>(
        std::ranges::count_if(jobs, [&](const domain::NewJob& job) { return there.contains(job.id); }));
    if (found == 0) continue;
    if (found < jobs.size())
      note(verdict, verdict.half, fmt::format("{} of {} with {}", found, jobs.size(), jobs.front().id));
    for (auto& job : jobs) {
      const auto id = job.id;
      if (const auto job_there = there.find(id);
          job_there != there.end() && !same_content(job, job_there->second))
        note(verdict, verdict.altered, fmt::format("{} is altered", id));
      entries_.emplace(id, Entry{.submitted = std::move(job), .place = ++last_place_});
    }
  }
}

void Ledger::settle(const std::map<std::string, domain::Job>& there) {
  std::erase_if(entries_, [&](const auto& entry) { return !there.contains(entry.first); });
  for (auto& [id, entry] : entries_) {
    entry.told = there.at(id);
    entry.maybe_changed = false;
    entry.removal = Entry::Removal::none;
  }
}

std::vector<std::string> Ledger::ids() const {
  std::vector<std::pair<std::uint64_t, std::string>> places;
  for (const auto& [id, entry] : entries_)
    if (entry.removal == Entry::Removal::none) places.emplace_back(entry.place, id);
  std::ranges::sort(places);
  std::vector<std::string> ids;
  for (auto& [place, id] : places) ids.push_back(std::move(id));
  return ids;
}

}  // namespace jobqd::stores
