#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>

#include <jobqd/base/check.hpp>

namespace jobqd::stores::journal {

/// What a job is called and what it carries, with all lengths in one block of memory: there may be millions
/// of them.
class JobBytes {
 public:
  JobBytes() = default;
  /// Copies all; id and traceparent have at most 255 bytes, the payload less than 4 GiB.
  JobBytes(std::string_view id, std::string_view payload, std::string_view traceparent = {})
      : block_(std::make_unique_for_overwrite<char[]>(block_size(id, payload, traceparent))) {
    JOBQD_CHECK(id.size() <= most_short && traceparent.size() <= most_short && payload.size() <= most_long);
    block_[0] = static_cast<char>(id.size());
    block_[1] = static_cast<char>(traceparent.size());
    char* to = block_.get() + head;
    // std::ranges::copy goes byte by byte here.
    to += id.copy(to, id.size());
    to += traceparent.copy(to, traceparent.size());
    auto left = payload.size();
    for (; left > low_bits; left >>= 7) *to++ = static_cast<char>(left | more);
    *to++ = static_cast<char>(left);
    payload.copy(to, payload.size());
  }

  JobBytes(const JobBytes& other) : JobBytes(other.id(), other.payload(), other.traceparent()) {}
  JobBytes& operator=(const JobBytes& other) { return *this = JobBytes(other); }
  JobBytes(JobBytes&&) = default;
  JobBytes& operator=(JobBytes&&) = default;
  ~JobBytes() = default;

  [[nodiscard]] std::string_view id() const {
    return block_ ? std::string_view(block_.get() + head, byte(0)) : std::string_view{};
  }
  [[nodiscard]] std::string_view traceparent() const {
    return block_ ? std::string_view(block_.get() + head + byte(0), byte(1)) : std::string_view{};
  }
  [[nodiscard]] std::string_view payload() const {
    if (!block_) return {};
    std::size_t at = head + byte(0) + byte(1);
    std::size_t size = byte(at) & low_bits;
    for (unsigned shift = 7; (byte(at) & more) != 0; shift += 7) size |= (byte(++at) & low_bits) << shift;
    return {block_.get() + at + 1, size};
  }

 private:
  // The block: the lengths of id and traceparent, a byte each; both; the length of the payload in groups of
  // 7 bits, the lowest first, each with a bit that says whether there are more; the payload.
  static constexpr std::size_t head = 2;
  static constexpr std::size_t low_bits = 0x7F;
  static constexpr std::size_t more = 0x80;
  static constexpr std::size_t most_short = std::numeric_limits<std::uint8_t>::max();
  static constexpr std::size_t most_long = std::numeric_limits<std::uint32_t>::max();

  static std::size_t block_size(std::string_view id, std::string_view payload, std::string_view traceparent) {
    std::size_t size = head + id.size() + traceparent.size() + 1 + payload.size();
    for (auto left = payload.size(); left > low_bits; left >>= 7) ++size;
    return size;
  }
  [[nodiscard]] std::size_t byte(std::size_t at) const { return static_cast<std::uint8_t>(block_[at]); }

  std::unique_ptr<char[]> block_;
};

}  // namespace jobqd::stores::journal
