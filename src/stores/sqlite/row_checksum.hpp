#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace jobqd::stores::sqlite {

/// XXH3 over all columns except the checksum, in the order in which they are bound; texts with their lengths.
/// Most rows are short, so their columns are gathered and hashed at once, which costs less than hashing one
/// after the other and gives the same checksum.
// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): only what was written is read.
class RowChecksum {
 public:
  void add(std::int64_t number) { add_bytes(&number, sizeof number); }
  void add(std::string_view text) {
    add(static_cast<std::int64_t>(text.size()));
    add_bytes(text.data(), text.size());
  }
  void add_null() { add(std::int64_t{-1}); }
  [[nodiscard]] std::int64_t digest() {
    if (is_long_) hash_gathered();
    return static_cast<std::int64_t>(is_long_ ? XXH3_64bits_digest(&state_)
                                              : XXH3_64bits(gathered_.data(), size_));
  }

 private:
  void add_bytes(const void* bytes, std::size_t size) {
    if (size == 0) return;
    if (size > gathered_.size() - size_) {
      if (!std::exchange(is_long_, true)) XXH3_64bits_reset(&state_);
      hash_gathered();
      if (size > gathered_.size()) {
        XXH3_64bits_update(&state_, bytes, size);
        return;
      }
    }
    std::memcpy(gathered_.data() + size_, bytes, size);
    size_ += size;
  }
  void hash_gathered() { XXH3_64bits_update(&state_, gathered_.data(), std::exchange(size_, 0)); }

  std::array<char, 512> gathered_;
  std::size_t size_ = 0;
  bool is_long_ = false;  ///< More came than could be gathered, so that `state_` is in use.
  XXH3_state_t state_;
};

}  // namespace jobqd::stores::sqlite
