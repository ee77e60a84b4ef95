#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

#include <jobqd/base/check.hpp>

#include "stores/embedded/job_handle.hpp"
#include "stores/embedded/keyed_fifo.hpp"
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

  /// The id must be new, and the number larger than every one before. Where it throws, nothing has changed.
  JobHandle insert(Record record);

  [[nodiscard]] Record* find(JobHandle handle) { return record_of(handle); }
  [[nodiscard]] JobHandle find_id(std::string_view id) const;  ///< 0: none.

  /// The handle must be valid.
  Record& at(JobHandle handle) { return valid(handle); }
  [[nodiscard]] const Record& at(JobHandle handle) const { return valid(handle); }
  void erase(JobHandle handle);  ///< Needs no memory.

  /// Every job by its number, for listing.
  [[nodiscard]] const KeyedFifo<JobHandle>& by_age() const { return by_age_; }

  [[nodiscard]] std::size_t size() const { return ids_.size(); }

 private:
  struct Slot {
    [[no_unique_address]] Record record;  // The other members use its padding.
    std::uint32_t generation = 1;
    bool used = false;
  };
  using SlotIndex = std::uint32_t;

  /// An entry of the set of ids: the handle of the job, and the hash of its id, so that the set grows without
  /// reading the jobs.
  struct Named {
    SlotIndex slot;
    std::uint32_t hash;
  };
  /// An id to look up.
  struct Wanted {
    std::string_view id;
    std::uint32_t hash;
  };
  struct KnownHash {
    using is_transparent = void;
    std::size_t operator()(const Named& named) const { return named.hash; }
    std::size_t operator()(const Wanted& wanted) const { return wanted.hash; }
  };
  struct SameId {
    using is_transparent = void;
    const JobTable* table;
    bool operator()(const Named& a, const Named& b) const;
    bool operator()(const Wanted& wanted, const Named& named) const;
    bool operator()(const Named& named, const Wanted& wanted) const { return (*this)(wanted, named); }
  };

  static JobHandle handle_of(SlotIndex slot, std::uint32_t generation) {
    return (std::uint64_t{generation} << 32) | slot;
  }

  /// Slots are made in blocks, which never move. A power of two, because every look at a job divides by it.
  static constexpr SlotIndex block_slots = 64;
  using Block = std::unique_ptr<Slot[]>;

  // The blocks are not part of this object, so these serve const and other callers.
  [[nodiscard]] Slot& slot(SlotIndex index) const {
    return blocks_[index / block_slots][index % block_slots];
  }
  /// Null: the handle is not valid.
  [[nodiscard]] Record* record_of(JobHandle handle) const {
    const auto index = static_cast<SlotIndex>(handle);
    if (index >= slots_) return nullptr;
    Slot& found = slot(index);
    return found.used && found.generation == handle >> 32 ? &found.record : nullptr;
  }
  [[nodiscard]] Record& valid(JobHandle handle) const {
    Record* record = record_of(handle);
    JOBQD_CHECK(record != nullptr);
    return *record;
  }

  std::vector<Block> blocks_;
  SlotIndex slots_ = 0;  ///< Those in use or free.
  /// The free slots are a list: the record of each has the next one's index + 1 as its number. 0: none.
  std::uint64_t first_free_ = 0;
  boost::unordered_flat_set<Named, KnownHash, SameId> ids_;
  KeyedFifo<JobHandle> by_age_;
};

}  // namespace jobqd::stores::embedded
