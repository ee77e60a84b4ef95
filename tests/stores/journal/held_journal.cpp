#include "stores/journal/held_journal.hpp"

#include <iterator>
#include <utility>

#include <jobqd/base/check.hpp>

namespace jobqd::stores::embedded {

Record copy_of(const Record& record) {
  Record copy;
  copy.content = record.content;
  copy.number = record.number;
  copy.fingerprint = record.fingerprint;
  copy.token = record.token;
  copy.batch = record.batch;
  copy.enqueued_at = record.enqueued_at;
  copy.run_at = record.run_at;
  copy.started_at = record.started_at;
  copy.finished_at = record.finished_at;
  copy.due = record.due;
  copy.ticket = record.ticket;
  if (record.ending) copy.ending = std::make_unique<Ending>(*record.ending);
  copy.progress = record.progress;
  copy.timeout_ms = record.timeout_ms;
  copy.max_retries = record.max_retries;
  copy.queue = record.queue;
  copy.priority = record.priority;
  copy.durable = record.durable;
  return copy;
}

Journal::Batch HeldJournal::keep(Act act, const Record& record) {
  open_.push_back({act, copy_of(record)});
  return gathering_;
}

Journal::Batch HeldJournal::insert(std::span<const Record* const> records, Durable done) {
  const auto batch = gathering_;
  for (const Record* record : records) keep(Act::insert, *record);
  when_durable(std::move(done));
  return batch;
}

Journal::Batch HeldJournal::update(const Record& record) {
  return keep(Act::update, record);
}

void HeldJournal::erase(const Record& record) {
  keep(Act::erase, record);
}

void HeldJournal::when_durable(Durable done) {
  batches_.push_back({gathering_++, std::exchange(open_, {}), std::move(done)});
}

void HeldJournal::write(Changes changes) {
  for (auto& [act, record] : changes) {
    const auto number = record.number;
    // A store that updates or erases what it never inserted would lose it in a crash.
    JOBQD_CHECK((act == Act::insert) != image_.contains(number));
    if (act == Act::erase)
      image_.erase(number);
    else
      image_.insert_or_assign(number, std::move(record));
  }
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

void HeldJournal::refuse(Held held, Changes& next) {
  std::erase_if(held.changes, [](const Change& change) { return change.act == Act::insert; });
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

}  // namespace jobqd::stores::embedded
