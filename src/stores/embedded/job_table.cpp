#include "stores/embedded/job_table.hpp"

#include <functional>
#include <utility>

#include <jobqd/base/check.hpp>

namespace jobqd::stores::embedded {

namespace {

std::uint32_t hash_of(std::string_view id) {
  return static_cast<std::uint32_t>(std::hash<std::string_view>{}(id));
}

}  // namespace

bool JobTable::SameId::operator()(const Wanted& wanted, const Named& named) const {
  return wanted.hash == named.hash && table->slot(named.slot).record.content.id() == wanted.id;
}

bool JobTable::SameId::operator()(const Named& a, const Named& b) const {
  return a.slot == b.slot ||
         (*this)(Wanted{.id = table->slot(a.slot).record.content.id(), .hash = a.hash}, b);
}

JobTable::JobTable() : ids_(0, KnownHash{}, SameId{this}) {}

JobHandle JobTable::insert(Record record) {
  if (first_free_ == 0) {
    if (slots_ == blocks_.size() * block_slots) blocks_.push_back(std::make_unique<Slot[]>(block_slots));
    first_free_ = ++slots_;
  }
  const auto index = static_cast<SlotIndex>(first_free_ - 1);
  Slot& slot = this->slot(index);
  const auto next_free = std::exchange(slot.record, std::move(record)).number;
  const Named named{.slot = index, .hash = hash_of(slot.record.content.id())};
  const auto handle = handle_of(index, slot.generation);
  bool is_new = false;
  try {
    is_new = ids_.insert(named).second;
    by_age_.push(slot.record.number, handle);
  } catch (...) {
    if (is_new) ids_.erase(named);
    slot.record = Record{};
    slot.record.number = next_free;
    throw;
  }
  JOBQD_CHECK(is_new);
  slot.used = true;
  first_free_ = next_free;
  return handle;
}

JobHandle JobTable::find_id(std::string_view id) const {
  const auto found = ids_.find(Wanted{.id = id, .hash = hash_of(id)});
  return found == ids_.end() ? 0 : handle_of(found->slot, slot(found->slot).generation);
}

void JobTable::erase(JobHandle handle) {
  const auto index = static_cast<SlotIndex>(handle);
  const bool was_listed = by_age_.erase(at(handle).number);
  JOBQD_CHECK(was_listed);
  Slot& slot = this->slot(index);
  ids_.erase(Named{.slot = index, .hash = hash_of(slot.record.content.id())});
  slot.record = Record{};
  slot.record.number = std::exchange(first_free_, std::uint64_t{index} + 1);
  slot.used = false;
  if (++slot.generation == 0) slot.generation = 1;
}

}  // namespace jobqd::stores::embedded
