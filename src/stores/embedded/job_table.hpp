#pragma once

#include <cstdint>
#include <string_view>

#include <boost/unordered/unordered_flat_set.hpp>

#include <jobqd/base/check.hpp>

#include "stores/embedded/job_handle.hpp"
#include "stores/embedded/keyed_fifo.hpp"
#include "stores/embedded/record.hpp"
#include "stores/embedded/slab.hpp"

namespace jobqd::stores::embedded {

/// The state map: every job this store knows, by handle, by id and by age.
///
/// Not thread-safe. Records stay where they are until erased. A handle of an erased job finds nothing, even
/// when its slot is in use again. Records in 64 slots beside each other give their memory back together.
class JobTable {
 public:
  JobTable();

  JobTable(const JobTable&) = delete;
  JobTable& operator=(const JobTable&) = delete;
  ~JobTable() = default;

  /// The id must be new, and the number larger than every one before. Where it throws, nothing has changed.
  JobHandle insert(Record record);

  /// Whether a job that is read back may have this number, besides that it has to be larger than every one
  /// before: all numbers are within `widest`. Only damage makes others: 2^47 are 4 years of a million jobs a
  /// second.
  [[nodiscard]] bool takes(std::uint64_t number, std::uint64_t widest = std::uint64_t{1} << 47) const {
    constexpr std::uint64_t largest = std::uint64_t{1} << 62;  // New ones come behind it.
    const auto oldest = by_age_.empty() ? number : handle(by_age_.front()).number;
    return number != 0 && number <= largest && number >= oldest && number - oldest < widest;
  }

  /// Null: there is no such job any more.
  [[nodiscard]] Record* find(JobHandle handle) { return record_of(handle); }
  [[nodiscard]] const Record* find(JobHandle handle) const { return record_of(handle); }
  [[nodiscard]] JobHandle find_id(std::string_view id) const;  ///< JobHandle{}: none.

  /// The handle must be valid.
  Record& at(JobHandle handle) { return valid(handle); }
  [[nodiscard]] const Record& at(JobHandle handle) const { return valid(handle); }
  void erase(JobHandle handle);  ///< Needs no memory.

  /// The slot must be that of a job.
  [[nodiscard]] JobHandle handle(JobSlot slot) const {
    return {.number = records_[place_of(slot)].number, .slot = slot};
  }

  /// Every job by its number, for listing.
  [[nodiscard]] const KeyedFifo<JobSlot>& by_age() const { return by_age_; }

  [[nodiscard]] std::size_t size() const { return ids_.size(); }

  /// Whether it holds memory of many jobs that are gone. Blocks of records are given back at once, but the
  /// set of ids is as large as it ever had to be.
  [[nodiscard]] bool has_spare_room() const {
    constexpr std::size_t worth_it = 100'000;
    return ids_.bucket_count() >= worth_it && size() < ids_.bucket_count() / 8;
  }
  void drop_spare_room();  ///< Visits all jobs. Where memory is short, nothing changes.

  /// Where the jobs of this table have their histories.
  [[nodiscard]] Histories& histories() { return histories_; }

 private:
  using Place = Slab<Record>::Place;

  /// An entry of the set of ids: the place of the job, and the hash of its id, so that the set grows without
  /// reading the jobs.
  struct Named {
    Place place;
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

  // No job has slot 0.
  static JobSlot slot_of(Place place) { return JobSlot(place + 1); }
  static Place place_of(JobSlot slot) { return slot.number() - 1; }

  // The records are not part of this object, so these serve const and other callers.
  /// Null: the handle is not valid.
  [[nodiscard]] Record* record_of(JobHandle handle) const {
    Record* record = records_.find(place_of(handle.slot));
    return record != nullptr && record->number == handle.number && handle.number != 0 ? record : nullptr;
  }
  [[nodiscard]] Record& valid(JobHandle handle) const {
    Record* record = record_of(handle);
    JOBQD_CHECK(record != nullptr);
    return *record;
  }

  Histories histories_;  // Outlives the records.
  Slab<Record> records_;
  boost::unordered_flat_set<Named, KnownHash, SameId> ids_;
  KeyedFifo<JobSlot> by_age_;
};

}  // namespace jobqd::stores::embedded
