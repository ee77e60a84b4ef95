#include "stores/embedded/job_table.hpp"

#include <functional>
#include <new>
#include <utility>

#include <jobqd/base/check.hpp>

namespace jobqd::stores::embedded {

namespace {

std::uint32_t hash_of(std::string_view id) {
  return static_cast<std::uint32_t>(std::hash<std::string_view>{}(id));
}

}  // namespace

bool JobTable::SameId::operator()(const Wanted& wanted, const Named& named) const {
  return wanted.hash == named.hash && table->records_[named.place].content.id() == wanted.id;
}

bool JobTable::SameId::operator()(const Named& a, const Named& b) const {
  return a.place == b.place ||
         (*this)(Wanted{.id = table->records_[a.place].content.id(), .hash = a.hash}, b);
}

JobTable::JobTable() : ids_(0, KnownHash{}, SameId{this}) {}

JobHandle JobTable::insert(Record record) {
  JOBQD_CHECK(record.number != 0);
  const auto place = records_.take();
  Record& kept = records_[place];
  kept = std::move(record);
  const Named named{.place = place, .hash = hash_of(kept.content.id())};
  bool is_new = false;
  try {
    is_new = ids_.insert(named).second;
    by_age_.push(kept.number, slot_of(place));
  } catch (...) {
    if (is_new) ids_.erase(named);
    kept = Record{};
    records_.give_back(place);
    throw;
  }
  JOBQD_CHECK(is_new);
  return {.number = kept.number, .slot = slot_of(place)};
}

JobHandle JobTable::find_id(std::string_view id) const {
  const auto found = ids_.find(Wanted{.id = id, .hash = hash_of(id)});
  return found == ids_.end() ? JobHandle{} : handle(slot_of(found->place));
}

void JobTable::drop_spare_room() {
  try {
    ids_.rehash(0);
  } catch (const std::bad_alloc&) {
    return;  // It needs some memory before it frees more.
  }
}

void JobTable::erase(JobHandle handle) {
  Record& record = at(handle);
  const bool was_listed = by_age_.erase(handle.number);
  JOBQD_CHECK(was_listed);
  const auto place = place_of(handle.slot);
  ids_.erase(Named{.place = place, .hash = hash_of(record.content.id())});
  record = Record{};
  records_.give_back(place);
}

}  // namespace jobqd::stores::embedded
