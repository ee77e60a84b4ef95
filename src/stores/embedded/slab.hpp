#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include <jobqd/base/check.hpp>

namespace jobqd::stores::embedded {

/// Objects in numbered places, which are used again; there may be millions. An object never moves.
///
/// Memory is taken in blocks of 64 places, and a block is given back once all of them are free; one is kept,
/// so that a single object that comes and goes costs no allocation. Objects are made with their block: a
/// place that is given back has to hold what a new one holds. Not thread-safe. All O(1).
template <class T>
class Slab {
 public:
  using Place = std::uint32_t;

  /// A free place. Where it throws, nothing has changed.
  Place take() {
    if (open_ == none) add_block();
    const auto index = open_;
    Block& block = blocks_[index];
    if (!block.objects) block.objects = spare_ ? std::move(spare_) : std::make_unique<Objects>();
    const auto bit = static_cast<unsigned>(std::countr_zero(block.free));
    block.free &= block.free - 1;
    if (block.free == 0) open_ = block.next_open;
    return index * block_places + bit;
  }

  /// A place that is taken.
  [[nodiscard]] T& operator[](Place place) const {
    return (*blocks_[place / block_places].objects)[place % block_places];
  }

  /// Null: there is no memory at this place. What is found may be free.
  [[nodiscard]] T* find(Place place) const {
    const auto index = place / block_places;
    if (index >= blocks_.size() || !blocks_[index].objects) return nullptr;
    return &(*blocks_[index].objects)[place % block_places];
  }

  /// The place is taken.
  void give_back(Place place) {
    const auto index = place / block_places;
    Block& block = blocks_[index];
    if (block.free == 0) block.next_open = std::exchange(open_, index);
    block.free |= std::uint64_t{1} << (place % block_places);
    if (block.free != all) return;
    if (spare_)
      block.objects.reset();
    else
      spare_ = std::move(block.objects);
  }

 private:
  static constexpr Place block_places = 64;
  static constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();
  static constexpr Place none = std::numeric_limits<Place>::max();

  using Objects = std::array<T, block_places>;

  struct Block {
    std::unique_ptr<Objects> objects = nullptr;  ///< Null while all of its places are free.
    std::uint64_t free = all;                    ///< A bit for each place.
    Place next_open = none;                      ///< If it has a free place.
  };

  void add_block() {
    const auto index = blocks_.size();
    JOBQD_CHECK(index < none / block_places);
    blocks_.emplace_back();
    open_ = static_cast<Place>(index);
  }

  std::vector<Block> blocks_;
  Place open_ = none;  ///< The first of the blocks that have a free place, a list.
  std::unique_ptr<Objects> spare_;
};

}  // namespace jobqd::stores::embedded
