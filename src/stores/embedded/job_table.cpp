#include "stores/embedded/job_table.hpp"

#include <functional>
#include <utility>

#include <jobqd/domain/check.hpp>

namespace jobqd::stores::embedded {

std::size_t JobTable::IdHash::operator()(std::string_view id) const {
  return std::hash<std::string_view>{}(id);
}

std::size_t JobTable::IdHash::operator()(SlotIndex slot) const {
  return (*this)(table->slots_[slot].record.content.id());
}

bool JobTable::IdEqual::operator()(SlotIndex a, SlotIndex b) const {
  return a == b || (*this)(table->slots_[a].record.content.id(), b);
}

bool JobTable::IdEqual::operator()(std::string_view id, SlotIndex slot) const {
  return table->slots_[slot].record.content.id() == id;
}

JobTable::JobTable() : ids_(0, IdHash{this}, IdEqual{this}) {}

engine::JobHandle JobTable::insert(Record record) {
  SlotIndex index = 0;
  if (free_.empty()) {
    index = static_cast<SlotIndex>(slots_.size());
    slots_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Slot& slot = slots_[index];
  slot.record = std::move(record);
  slot.used = true;
  const auto handle = handle_of(index, slot.generation);
  by_age_.push(slot.record.number, handle);
  const bool is_new = ids_.insert(index).second;
  JOBQD_CHECK(is_new);
  return handle;
}

Record* JobTable::find(engine::JobHandle handle) {
  const auto index = static_cast<SlotIndex>(handle);
  if (index >= slots_.size()) return nullptr;
  Slot& slot = slots_[index];
  return slot.used && slot.generation == handle >> 32 ? &slot.record : nullptr;
}

engine::JobHandle JobTable::find_id(std::string_view id) const {
  const auto found = ids_.find(id);
  return found == ids_.end() ? 0 : handle_of(*found, slots_[*found].generation);
}

Record& JobTable::at(engine::JobHandle handle) {
  Record* record = find(handle);
  JOBQD_CHECK(record != nullptr);
  return *record;
}

const Record& JobTable::at(engine::JobHandle handle) const {
  const auto& slot = slots_.at(static_cast<SlotIndex>(handle));
  JOBQD_CHECK(slot.used && slot.generation == handle >> 32);
  return slot.record;
}

void JobTable::erase(engine::JobHandle handle) {
  const auto index = static_cast<SlotIndex>(handle);
  const bool was_listed = by_age_.erase(at(handle).number);
  JOBQD_CHECK(was_listed);
  ids_.erase(index);
  Slot& slot = slots_[index];
  slot.record = Record{};
  slot.used = false;
  if (++slot.generation == 0) slot.generation = 1;
  free_.push_back(index);
}

}  // namespace jobqd::stores::embedded
