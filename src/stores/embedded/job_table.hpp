#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

#include <jobqd/engine/claim.hpp>
#include <jobqd/engine/keyed_fifo.hpp>

#include "stores/embedded/record.hpp"

namespace jobqd::stores::embedded {

/// The state map: every job this store knows, by handle, by id and by age.
///
/// Not thread-safe. Records stay where they are until erased. A handle is a slot and the slot's generation,
/// so a handle of an erased job finds nothing, even when the slot is in use again.
class JobTable {
 public:
  JobTable();

  JobTable(const JobTable&) = delete;
  JobTable& operator=(const JobTable&) = delete;
  ~JobTable() = default;

  /// The id must be new, and the number larger than every one before.
  engine::JobHandle insert(Record record);

  [[nodiscard]] Record* find(engine::JobHandle handle);
  [[nodiscard]] engine::JobHandle find_id(std::string_view id) const;  ///< 0: none.

  /// The handle must be valid.
  Record& at(engine::JobHandle handle);
  [[nodiscard]] const Record& at(engine::JobHandle handle) const;
  void erase(engine::JobHandle handle);

  /// Every job by its number, for listing.
  [[nodiscard]] const engine::KeyedFifo<engine::JobHandle>& by_age() const { return by_age_; }

  [[nodiscard]] std::size_t size() const { return ids_.size(); }

 private:
  struct Slot {
    [[no_unique_address]] Record record;  // The rest lies in its padding.
    std::uint32_t generation = 1;
    bool used = false;
  };
  using SlotIndex = std::uint32_t;

  /// Hash and equality of a slot are those of its job's id; both also take a bare id.
  struct IdHash {
    using is_transparent = void;
    const JobTable* table;
    std::size_t operator()(std::string_view id) const;
    std::size_t operator()(SlotIndex slot) const;
  };
  struct IdEqual {
    using is_transparent = void;
    const JobTable* table;
    bool operator()(SlotIndex a, SlotIndex b) const;
    bool operator()(std::string_view id, SlotIndex slot) const;
    bool operator()(SlotIndex slot, std::string_view id) const { return (*this)(id, slot); }
  };

  static engine::JobHandle handle_of(SlotIndex slot, std::uint32_t generation) {
    return (std::uint64_t{generation} << 32) | slot;
  }

  std::deque<Slot> slots_;
  std::vector<SlotIndex> free_;
  boost::unordered_flat_set<SlotIndex, IdHash, IdEqual> ids_;
  engine::KeyedFifo<engine::JobHandle> by_age_;
};

}  // namespace jobqd::stores::embedded
