#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>
#include <utility>

#include <jobqd/base/check.hpp>

namespace jobqd::stores::journal {

/// What a job is called and what it carries, with all lengths in one block of memory: there may be millions
/// of them. The payload may be left on disk; its size is known all the same.
class JobBytes {
 public:
  JobBytes() = default;
  /// Copies all; id and traceparent have at most 255 bytes, the payload less than 4 GiB.
  JobBytes(std::string_view id, std::string_view payload, std::string_view traceparent = {})
      : JobBytes(id, traceparent, payload.size(), true) {
    payload.copy(block_.get() + head_size(), payload.size());
  }

  JobBytes(const JobBytes& other) {
    if (!other.block_) return;
    const auto size = other.head_size() + (other.has_payload() ? other.payload_size() : 0);
    block_ = std::make_unique_for_overwrite<char[]>(size);
    std::copy_n(other.block_.get(), size, block_.get());
  }
  JobBytes& operator=(const JobBytes& other) { return *this = JobBytes(other); }
  JobBytes(JobBytes&&) = default;
  JobBytes& operator=(JobBytes&&) = default;
  ~JobBytes() = default;

  /// The same in less memory, without the payload.
  [[nodiscard]] JobBytes without_payload() const { return {id(), traceparent(), payload_size(), false}; }

  [[nodiscard]] std::string_view id() const {
    return block_ ? std::string_view(block_.get() + start, byte(0)) : std::string_view{};
  }
  [[nodiscard]] std::string_view traceparent() const {
    return block_ ? std::string_view(block_.get() + start + byte(0), byte(1)) : std::string_view{};
  }
  /// Whether the payload is here. Otherwise it is on disk.
  [[nodiscard]] bool has_payload() const { return !block_ || (byte(size_at()) & on_disk) == 0; }
  [[nodiscard]] std::size_t payload_size() const { return block_ ? read_size().first : 0; }
  /// It has to be here.
  [[nodiscard]] std::string_view payload() const {
    JOBQD_CHECK(has_payload());
    if (!block_) return {};
    const auto [size, end] = read_size();
    return {block_.get() + end, size};
  }

 private:
  // The block: the lengths of id and traceparent, a byte each; both; the length of the payload, the lowest
  // bits first, in groups of 6 bits and then of 7, each with a bit that says whether there are more, and the
  // first with one that says whether the payload is on disk; the payload, unless it is.
  static constexpr std::size_t start = 2;
  static constexpr std::size_t first_bits = 0x3F;
  static constexpr std::size_t on_disk = 0x40;
  static constexpr std::size_t low_bits = 0x7F;
  static constexpr std::size_t more = 0x80;
  static constexpr std::size_t most_short = std::numeric_limits<std::uint8_t>::max();
  static constexpr std::size_t most_long = std::numeric_limits<std::uint32_t>::max();

  /// All but the payload, for which there is room if it is to be here.
  JobBytes(std::string_view id, std::string_view traceparent, std::size_t payload, bool here) {
    JOBQD_CHECK(id.size() <= most_short && traceparent.size() <= most_short && payload <= most_long);
    std::size_t size = start + id.size() + traceparent.size() + 1 + (here ? payload : 0);
    for (auto left = payload >> 6; left > 0; left >>= 7) ++size;
    block_ = std::make_unique_for_overwrite<char[]>(size);
    block_[0] = static_cast<char>(id.size());
    block_[1] = static_cast<char>(traceparent.size());
    char* to = block_.get() + start;
    // std::ranges::copy goes byte by byte here.
    to += id.copy(to, id.size());
    to += traceparent.copy(to, traceparent.size());
    auto left = payload >> 6;
    *to++ = static_cast<char>((payload & first_bits) | (here ? 0 : on_disk) | (left > 0 ? more : 0));
    for (; left > 0; left >>= 7) *to++ = static_cast<char>((left & low_bits) | (left > low_bits ? more : 0));
  }

  [[nodiscard]] std::size_t byte(std::size_t at) const { return static_cast<std::uint8_t>(block_[at]); }
  [[nodiscard]] std::size_t size_at() const { return start + byte(0) + byte(1); }
  /// The size of the payload, and where that ends in the block. There is a block.
  [[nodiscard]] std::pair<std::size_t, std::size_t> read_size() const {
    auto at = size_at();
    auto size = byte(at) & first_bits;
    for (unsigned shift = 6; (byte(at) & more) != 0; shift += 7) size |= (byte(++at) & low_bits) << shift;
    return {size, at + 1};
  }
  [[nodiscard]] std::size_t head_size() const { return read_size().second; }

  std::unique_ptr<char[]> block_;
};

}  // namespace jobqd::stores::journal
