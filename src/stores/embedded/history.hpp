#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <utility>

#include <jobqd/base/clock.hpp>
#include <jobqd/domain/job.hpp>
#include <jobqd/engine/claim.hpp>

#include "stores/embedded/packed.hpp"
#include "stores/embedded/slab.hpp"
#include "stores/journal/stored_job.hpp"

namespace jobqd::stores::embedded {

/// What a job has only once it was started or has ended; kept apart from its record, because most jobs that
/// wait have none.
struct History {
  engine::FencingToken token = 0;
  std::unique_ptr<journal::Ending> ending;
  PackedWall run_at;       ///< Epoch: none. In the record while there is no history.
  PackedWall started_at;   ///< Epoch: none.
  PackedWall finished_at;  ///< Epoch: none.
  std::uint8_t deferrals = 0;
  bool simulated = false;
  std::uint32_t attempts = 0;
  std::uint32_t failures = 0;
  std::uint32_t interruptions = 0;
};

/// The histories of the jobs of one table: taking one costs no allocation, except one for every 64. Not
/// thread-safe. Outlives all that it gives out.
class Histories {
  struct Entry;

 public:
  struct GiveBack {
    void operator()(History* history) const {
      auto& entry = *static_cast<Entry*>(history);
      *history = History{};
      entry.owner->entries_.give_back(entry.place);
    }
  };
  using Owned = std::unique_ptr<History, GiveBack>;

  /// Where it throws, nothing has changed.
  Owned take() {
    const auto place = entries_.take();
    auto& entry = entries_[place];
    entry.owner = this;
    entry.place = place;
    return Owned(&entry);
  }

 private:
  /// One line of the cache.
  struct alignas(64) Entry : History {
    std::uint32_t place = 0;
    Histories* owner = nullptr;
  };
  static_assert(sizeof(Entry) == 64);

  Slab<Entry> entries_;
};

/// The history of a job, or, while it has none, when the job is due: 8 bytes for both.
class HistoryOrTime {
 public:
  HistoryOrTime() = default;
  HistoryOrTime(HistoryOrTime&& other) noexcept : word_(std::exchange(other.word_, 0)) {}
  HistoryOrTime& operator=(HistoryOrTime&& other) noexcept {
    std::swap(word_, other.word_);
    return *this;
  }
  HistoryOrTime(const HistoryOrTime&) = delete;
  HistoryOrTime& operator=(const HistoryOrTime&) = delete;
  ~HistoryOrTime() {
    if (auto* history = this->history()) Histories::GiveBack{}(history);
  }

  /// Null: there is none yet.
  [[nodiscard]] History* history() const { return is_time() ? nullptr : std::bit_cast<History*>(word_); }

  /// While there is no history. Epoch: none. It has to fit into a PackedWall.
  [[nodiscard]] base::WallTime time() const {
    return base::WallTime{base::milliseconds{std::bit_cast<std::int64_t>(word_) >> 1}};
  }
  void set_time(base::WallTime time) {
    const auto count = std::bit_cast<std::uint64_t>(time.time_since_epoch().count());
    word_ = count == 0 ? 0 : count << 1 | 1;
  }

  /// While there is no history. The time is lost.
  void set_history(Histories::Owned history) { word_ = std::bit_cast<std::uint64_t>(history.release()); }

 private:
  [[nodiscard]] bool is_time() const { return word_ == 0 || (word_ & 1) != 0; }

  /// 0: no time; odd: the time in milliseconds, and that bit; else the address of the history.
  std::uint64_t word_ = 0;
};

}  // namespace jobqd::stores::embedded
