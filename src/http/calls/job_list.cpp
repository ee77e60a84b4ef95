#include "http/calls/job_list.hpp"

#include <algorithm>
#include <utility>

#include <jobqd/base/number.hpp>

#include "http/bodies/views.hpp"

namespace jobqd::http {

namespace {

/// One piece of a page: small enough that other requests do not wait long for it.
constexpr std::size_t bytes_in_piece = 64UL * 1024;

}  // namespace

void JobList::answer(engine::Operations& operations, engine::ListQuery query, ExchangePtr exchange) {
  const std::shared_ptr<JobList> list(new JobList(operations, std::move(query), std::move(exchange)));
  list->ask_for_room();
}

JobList::JobList(engine::Operations& operations, engine::ListQuery query, ExchangePtr exchange)
    : operations_(operations), left_(std::move(query)), exchange_(std::move(exchange)) {
  json_.begin_object();
  json_.key("jobs").begin_array();
}

void JobList::ask_for_room() {
  exchange_->when_room([self = shared_from_this()](Room room) { self->produce(room.now); });
}

void JobList::produce(std::size_t room) {
  auto piece = left_;
  piece.max_bytes = std::min({left_.max_bytes, bytes_in_piece, room});
  operations_.list(piece, [self = shared_from_this()](const engine::Expected<engine::JobPage>& part) {
    if (part) return self->add(*part);
    // The queue is there, or the first piece would have failed; the daemon stops, perhaps. The page ends
    // early.
    if (self->begun_) return self->finish();
    self->exchange_->respond(problem(part.error()));
  });
}

void JobList::add(const engine::JobPage& part) {
  for (const auto& job : part.jobs) write_job(json_, job);
  left_.limit = base::sub_sat(left_.limit, part.jobs.size());
  left_.max_bytes = base::sub_sat(left_.max_bytes, part.bytes);
  left_.max_looked_at = base::sub_sat(left_.max_looked_at, part.looked_at);
  left_.before = part.next;
  const bool more = part.next != 0 && left_.limit > 0 && left_.max_bytes > 0 && left_.max_looked_at > 0;
  if (!more) return finish();
  write();
  ask_for_room();
}

void JobList::finish() {
  json_.end_array();
  if (left_.before != 0) json_.key("next_cursor").string(std::to_string(left_.before));
  json_.end_object();
  write();
  exchange_->end();
}

void JobList::write() {
  if (std::exchange(begun_, true))
    exchange_->write(std::exchange(text_, {}));
  else
    exchange_->begin({.body = std::exchange(text_, {})});
}

}  // namespace jobqd::http
