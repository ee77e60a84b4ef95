#include "stores/journal/held_journal.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <jobqd/base/check.hpp>

namespace jobqd::stores::journal {

Journal::BatchNumber HeldJournal::insert(std::span<JobRow> rows, Durable done) {
  const auto batch = gathering_;
  open_.insert(open_.end(), std::make_move_iterator(rows.begin()), std::make_move_iterator(rows.end()));
  when_durable(std::move(done));
  return batch;
}

bool HeldJournal::inserts(const Changes& changes, std::uint64_t number) {
  return std::ranges::any_of(changes, [number](const Change& change) {
    const auto* row = std::get_if<JobRow>(&change);
    return row != nullptr && row->number == number;
  });
}

Journal::BatchNumber HeldJournal::update(ProgressRow row) {
  if (!splits && !batches_.empty() && open_.empty() && inserts(batches_.back().changes, row.number)) {
    batches_.back().changes.emplace_back(std::move(row));
    return batches_.back().number;
  }
  open_.emplace_back(std::move(row));
  return gathering_;
}

void HeldJournal::erase(std::uint64_t number) {
  open_.emplace_back(Erasure{number});
}

void HeldJournal::when_durable(Durable done) {
  batches_.push_back({gathering_++, std::exchange(open_, {}), std::move(done)});
}

// A store that updates or erases what it never inserted would lose it in a crash. What was refused, it has to
// erase if it has updated it.

void HeldJournal::write(JobRow row) {
  const auto number = row.number;
  JOBQD_CHECK(image_.emplace(number, StoredJob{.job = std::move(row), .progress = {}}).second);
}

void HeldJournal::write(ProgressRow row) {
  if (refused_.contains(row.number)) {
    orphans_.insert(row.number);
    return;
  }
  const auto job = image_.find(row.number);
  JOBQD_CHECK(job != image_.end());
  job->second.progress = std::move(row);
}

void HeldJournal::write(Erasure erasure) {
  if (refused_.contains(erasure.number)) {
    orphans_.erase(erasure.number);
    return;
  }
  JOBQD_CHECK(image_.erase(erasure.number) == 1);
}

void HeldJournal::write(Changes changes) {
  for (auto& change : changes) std::visit([this](auto& one) { write(std::move(one)); }, change);
  JOBQD_CHECK(orphans_.empty());
}

void HeldJournal::commit() {
  Held held = std::move(batches_.front());
  batches_.pop_front();
  write(std::move(held.changes));
  durable_ = held.number;
  held.done({});
}

void HeldJournal::commit_all() {
  while (!batches_.empty()) commit();
  write(std::exchange(open_, {}));
  durable_ = gathering_++;
}

void HeldJournal::read_payloads(std::vector<std::uint64_t> numbers, PayloadsRead done) {
  reads_.push_back({std::move(numbers), std::move(done)});
  if (reads_at_once_) deliver();
}

std::vector<std::uint64_t> HeldJournal::asked() const {
  return reads_.empty() ? std::vector<std::uint64_t>{} : reads_.front().numbers;
}

void HeldJournal::deliver() {
  Read read = std::move(reads_.front());
  reads_.pop_front();
  std::vector<std::optional<JobBytes>> found;
  for (const auto number : read.numbers) {
    const auto row = image_.find(number);
    const bool sound = row != image_.end() && !damaged_.contains(number);
    found.push_back(sound ? std::optional(row->second.job.content) : std::nullopt);
  }
  read.done(std::move(found));
}

void HeldJournal::fail_read() {
  Read read = std::move(reads_.front());
  reads_.pop_front();
  read.done(std::unexpected("the disk cannot be read"));
}

void HeldJournal::refuse(Held held, Changes& next) {
  std::erase_if(held.changes, [this](const Change& change) {
    const auto* row = std::get_if<JobRow>(&change);
    if (row != nullptr) refused_.insert(row->number);
    return row != nullptr;
  });
  next.insert(next.begin(), std::make_move_iterator(held.changes.begin()),
              std::make_move_iterator(held.changes.end()));
  held.done(std::unexpected(
      domain::Error{.code = domain::ErrorCode::store_unavailable, .detail = "the disk refused the write"}));
}

void HeldJournal::fail() {
  Held held = std::move(batches_.front());
  batches_.pop_front();
  refuse(std::move(held), batches_.empty() ? open_ : batches_.front().changes);
}

void HeldJournal::fail_newest() {
  Held held = std::move(batches_.back());
  batches_.pop_back();
  refuse(std::move(held), open_);
}

}  // namespace jobqd::stores::journal
